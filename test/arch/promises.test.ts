import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'promises.md'), 'utf8');
const [promises = '', limits = ''] = page.split('# What ChefCloud does not promise');
const sections = promises.split(/^## /m).slice(1);
const PROOF = /^- `(test\/[^`]+)`: "(.+)"$/gm;
const proofs = [...promises.matchAll(PROOF)].map(([, file = '', name = '']) => ({ file, name }));

/** The names of the tests of a file, as they are written there. */
function testNames(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/\btest(?:\.each\([^]*?\))?\(\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g)].map(
    ([, , name = '']) => name,
  );
}

describe('docs/promises.md', () => {
  test('has promises, and says what it does not promise', () => {
    expect(sections.length).toBeGreaterThan(12);
    expect(limits.match(/^- \*\*/gm)?.length).toBeGreaterThan(5);
  });
  test('has no promise without a test that holds it', () => {
    expect(sections.filter((section) => !/^- `test\//m.test(section)).map((section) => section.split('\n')[0])).toEqual(
      [],
    );
    // Every line that looks like a proof is read as one.
    expect(promises.match(/^- /gm)).toHaveLength(proofs.length);
  });
  test.each(proofs)('names a test that there is: $file, $name', ({ file, name }) => {
    expect(existsSync(join(root, file))).toBe(true);
    expect(testNames(file)).toContain(name);
  });
});
