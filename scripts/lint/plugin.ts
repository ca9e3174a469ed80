// The project's own lint rules, for oxlint. A rule is here when oxlint has none that says it exactly.
import { dirname, relative, sep } from 'node:path';
import { refusal } from './layers.ts';

/** As much of an ESTree node as the rules look at. */
interface Node {
  type: string;
  name?: string;
  value?: unknown;
  source?: Node | null;
  argument?: Node;
  arguments?: Node[];
  callee?: Node;
  object?: Node;
  property?: Node;
  computed?: boolean;
  importKind?: string;
  exportKind?: string;
}
interface Context {
  filename: string;
  report(problem: { node: Node; message: string }): void;
}
type Visitor = Record<string, (node: Node) => void>;

const root = dirname(dirname(import.meta.dirname));

/** Imports stay within the layer table. */
function layers(context: Context): Visitor {
  const file = relative(root, context.filename).split(sep).join('/');
  const judge = (node: Node, source: Node | null | undefined, isTypeOnly: boolean): void => {
    if (!source) return;
    const message =
      typeof source.value === 'string'
        ? refusal(file, source.value, isTypeOnly)
        : file.startsWith('src-')
          ? 'the name of an import must be a literal'
          : undefined;
    if (message !== undefined) context.report({ node, message });
  };
  // Only a whole `import type` leaves no trace: `import { type A }` still loads the module.
  const isTypes = ({ importKind, exportKind }: Node): boolean => importKind === 'type' || exportKind === 'type';
  return {
    ImportDeclaration: (node) => judge(node, node.source, isTypes(node)),
    ExportNamedDeclaration: (node) => judge(node, node.source, isTypes(node)),
    ExportAllDeclaration: (node) => judge(node, node.source, isTypes(node)),
    ImportExpression: (node) => judge(node, node.source, false),
    TSImportType: (node) => judge(node, node.source ?? node.argument, true),
    CallExpression: (node) => {
      if (nameOf(node.callee) === 'require') judge(node, node.arguments?.[0], false);
    },
  };
}

/** The same input gives the same output: no clock, no chance. */
function deterministic(context: Context): Visitor {
  const no = (node: Node, what: string): void =>
    context.report({ node, message: `${what}: the till and the cloud must reach the same state; take it as an input` });
  const refused = new Set([
    'Date.now',
    'Math.random',
    'performance.now',
    'crypto.randomUUID',
    'crypto.getRandomValues',
  ]);
  return {
    MemberExpression: (node) => {
      const object = nameOf(node.object);
      const path = `${object}.${node.computed ? String(node.property?.value) : nameOf(node.property)}`;
      if (refused.has(path) || object === 'crypto') no(node, path);
    },
    NewExpression: (node) => {
      if (nameOf(node.callee) === 'Date' && node.arguments?.length === 0) no(node, 'new Date()');
    },
    CallExpression: (node) => {
      if (nameOf(node.callee) === 'Date') no(node, 'Date()');
    },
  };
}

/** Every test runs, always, and alone only at the desk. */
function everyTestRuns(context: Context): Visitor {
  const refused = new Set(['only', 'skip', 'skipIf', 'runIf', 'todo', 'fixme', 'fails', 'fail']);
  const isTest = (node: Node | undefined): boolean =>
    node?.type === 'MemberExpression'
      ? isTest(node.object)
      : ['test', 'it', 'describe', 'suite'].includes(nameOf(node));
  return {
    MemberExpression: (node) => {
      const name = nameOf(node.property);
      if (refused.has(name) && isTest(node.object))
        context.report({ node, message: `.${name}: a test that does not run proves nothing` });
    },
    CallExpression: (node) => {
      const name = nameOf(node.callee);
      if (/^(x|f)(it|test|describe)$/.test(name))
        context.report({ node, message: `${name}: a test that does not run proves nothing` });
    },
  };
}

/** The last name of an identifier or of a path such as globalThis.Date. */
function nameOf(node: Node | null | undefined): string {
  if (!node) return '';
  return node.type === 'MemberExpression' ? nameOf(node.property) : (node.name ?? '');
}

const plugin = {
  meta: { name: 'chefcloud' },
  rules: {
    layers: { create: layers },
    deterministic: { create: deterministic },
    'every-test-runs': { create: everyTestRuns },
  },
};
export default plugin;
