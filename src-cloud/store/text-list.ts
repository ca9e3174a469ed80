import { type RawBuilder, sql } from 'kysely';

const SEPARATOR = '\u001f';

/**
 * Many texts as one `text[]`. They travel as one text that the database cuts at a control character, which costs both sides a fraction of
 * quoting every element. JSON text, ids and codes cannot contain that character; from anything else it is taken out.
 */
export function texts(values: readonly string[]): RawBuilder<string[]> {
  const direct = values.join(SEPARATOR);
  const joined = isClean(direct, values.length) ? direct : values.map(withoutSeparator).join(SEPARATOR);
  // An empty text would be cut into no element at all.
  if (joined === '' && values.length > 0) return sql`array['']::text[]`;
  return sql`string_to_array(${joined}::text, ${SEPARATOR}::text)`;
}

function isClean(joined: string, count: number): boolean {
  let found = 0;
  for (let at = joined.indexOf(SEPARATOR); at !== -1; at = joined.indexOf(SEPARATOR, at + 1)) found += 1;
  return found === count - 1;
}

function withoutSeparator(value: string): string {
  return value.replaceAll(SEPARATOR, '');
}
