/** One server-sent event. Without a name the browser calls it `message`. */
export interface SseEvent {
  name?: string;
  id?: string;
  data: string;
}

// Exactly the characters that would break out of a field.
const BREAKS_FIELD = /[\r\n\0]/g;
const LINE_END = /\r\n|\n|\r/;

/** The bytes of one event. CR, LF and NUL are taken out of id and name; data may have lines. */
export function encodeEvent(event: SseEvent): Buffer {
  let text = '';
  if (event.id !== undefined) text += `id: ${event.id.replace(BREAKS_FIELD, '')}\n`;
  if (event.name !== undefined) text += `event: ${event.name.replace(BREAKS_FIELD, '')}\n`;
  for (const line of event.data.split(LINE_END)) text += `data: ${line}\n`;
  return Buffer.from(`${text}\n`);
}

/** A comment: it keeps proxies from closing a quiet stream and reaches no handler. */
export const HEARTBEAT = Buffer.from(':\n\n');

/** The hint after which a browser connects again by itself, in milliseconds. */
export function retryHint(ms: number): Buffer {
  return Buffer.from(`retry: ${ms}\n\n`);
}
