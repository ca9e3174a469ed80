/** What a refused command wanted, as far as it can be said in a line: "2 × Rolex", "UGX 12,000", "“no ice”". */
export function inputWords(input: Readonly<Record<string, unknown>>, money: (minor: number) => string): string {
  const text = (field: string): string | undefined => {
    const value = input[field];
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  };
  const number = (field: string): number | undefined => {
    const value = input[field];
    return typeof value === 'number' ? value : undefined;
  };
  const [name, quantity, note, reason] = [text('name'), number('quantity'), text('note'), text('reason')];
  const minor = number('amountMinor') ?? number('countedMinor') ?? number('floatMinor') ?? number('priceMinor');
  const delta = number('deltaMilli');
  const parts = [
    quantity === undefined ? name : name === undefined ? `× ${quantity}` : `${quantity} × ${name}`,
    minor === undefined ? undefined : money(minor),
    delta === undefined ? undefined : `${delta > 0 ? '+' : '−'}${Math.abs(delta) / 1000}`,
    note === undefined ? undefined : `“${note}”`,
    reason === undefined ? undefined : `“${reason}”`,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
