import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { en } from '../../../src-renderer/i18n/en.ts';

const root = join(import.meta.dirname, '../../../src-renderer');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/^i18n[\\/]/.test(file))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

function leaves(node: object, path: string[] = []): { key: string; text: string }[] {
  return Object.entries(node).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? leaves(value, [...path, name])
      : [{ key: [...path, name].join('.'), text: String(value) }],
  );
}

test('there is something to check', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(leaves(en).length).toBeGreaterThan(100);
});

test('no text is empty, and every counted one has both numbers', () => {
  const all = new Map(leaves(en).map(({ key, text }) => [key, text]));
  const bad = [...all].filter(
    ([key, text]) => text.trim() === '' || (key.endsWith('_one') && !all.has(key.replace(/_one$/, '_other'))),
  );
  expect(bad).toEqual([]);
});

/** Keys that are put together from a value, as patterns: t(`type.${order.type}`). */
const builtKeys = [
  ...new Set(sources.flatMap(({ text }) => [...text.matchAll(/`([\w.]*\$\{[^`]*)`/g)].map((match) => match[1] ?? ''))),
]
  .filter(
    (template) =>
      /[a-z]/i.test(template.replace(/\$\{[^}]*\}/g, '')) && !template.replace(/\$\{[^}]*\}/g, '').includes(' '),
  )
  .map((template) => new RegExp(`^${template.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '.+')}$`));

test('every text is used somewhere', () => {
  const code = sources.map(({ text }) => text).join('\n');
  const isUsed = (key: string) => code.includes(`'${key}'`) || builtKeys.some((pattern) => pattern.test(key));
  const { commands: _named, ...others } = en;
  const unused = Object.entries(others).flatMap(([namespace, texts]) =>
    leaves(texts)
      .map(({ key }) => key.replace(/_(one|other)$/, ''))
      .filter((key) => !isUsed(key) && !code.includes(`'${namespace}:${key}'`))
      .map((key) => `${namespace}:${key}`),
  );
  expect([...new Set(unused)]).toEqual([]);
});

test('no screen carries a text of its own', () => {
  const found = sources.flatMap(({ file, text }) => {
    const inTags = [...text.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+[^<{}]*)</g)].map((match) => match[1]);
    const inNames = [...text.matchAll(/(?:aria-label|placeholder|title|label)="([^"]+)"/g)].map((match) => match[1]);
    return [...inTags, ...inNames].map((each) => `${file}: ${each}`);
  });
  expect(found).toEqual([]);
});
