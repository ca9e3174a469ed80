/** A time to wait as "4:05" (minutes and seconds); never less than "0:01". */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
