import { useFormats } from '../state/use-formats.ts';
import { cn } from './class-names.ts';

/** An amount in tabular figures. `isPlain` leaves out the currency, for lists. */
export function MoneyText({
  minor,
  isPlain = false,
  className,
}: {
  minor: number;
  isPlain?: boolean;
  className?: string;
}) {
  const { money, amount } = useFormats();
  return <span className={cn('num whitespace-nowrap', className)}>{isPlain ? amount(minor) : money(minor)}</span>;
}
