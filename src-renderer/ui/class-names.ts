/** Joins class names, leaving out what is not set. */
export function cn(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
