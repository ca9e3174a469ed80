import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS } from '#shared/kernel/errors.ts';

test('docs/errors.md lists exactly the codes, statuses and sentences of the code', () => {
  const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([^`]+)` \| (\d+) \| (.+) \|$/gm)].map(
    ([, code, status, text]) => [code, Number(status), text],
  );
  expect(rows).toEqual(Object.entries(ERRORS).map(([code, { status, text }]) => [code, status, text]));
});
