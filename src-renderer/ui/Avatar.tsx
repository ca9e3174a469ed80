import { initials } from '../i18n/format.ts';
import { cn } from './class-names.ts';

const SIZES = { s: 'size-9 text-[13px]', m: 'size-11 text-[15px]', l: 'size-14 text-lg' } as const;

/** A round face made of initials; the name stands beside it. */
export function Avatar({ name, size = 's' }: { name: string; size?: keyof typeof SIZES }) {
  return (
    <span
      aria-hidden
      className={cn('grid shrink-0 place-items-center rounded-full bg-info-soft font-bold text-info', SIZES[size])}
    >
      {initials(name)}
    </span>
  );
}
