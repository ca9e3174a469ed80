const LONGEST = 12;

/** The digits typed so far with `digits` added: no leading zeros, at most twelve. The last ones are minor units. */
export function typeDigits(typed: string, digits: string): string {
  return (typed + digits).replace(/^0+/, '').slice(0, LONGEST);
}

/** The amount that typed digits stand for, in minor units; nothing typed is nothing. */
export function typedMinor(typed: string): number {
  return typed === '' ? 0 : Number(typed);
}
