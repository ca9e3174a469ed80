import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '#shared/commands/registry.ts';
import { engines } from '../helpers/engines.ts';
import { createLiveCloud, type LiveCloud } from '../helpers/live-cloud.ts';

const [engine] = engines;
if (engine === undefined) throw new Error('no engine');

interface Operation {
  summary?: string;
  'x-level'?: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown>; required?: string[] } }> };
  responses?: Record<string, unknown>;
  security?: unknown[];
}

const LEVEL = /^(public|device|L[1-5]|device-or-L[1-5])$/;

describe('/docs', () => {
  let live: LiveCloud;
  let paths: Record<string, Record<string, Operation>>;
  beforeAll(async () => {
    live = await createLiveCloud(engine);
    const { status, body } = await live.get('/docs/json');
    expect(status).toBe(200);
    paths = (body as { paths: typeof paths }).paths;
  });
  afterAll(() => live.close());

  const templated = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

  it('names every command with its level, its parameters and its fields', () => {
    for (const command of commands) {
      const operation = paths[templated(command.path)]?.[command.method.toLowerCase()];
      expect({ route: command.route, ...operation }).toMatchObject({
        'x-level': command.level,
        summary: command.summary,
      });
      const inPath =
        operation?.parameters?.filter((parameter) => parameter.in === 'path').map(({ name }) => name) ?? [];
      const inBody = Object.keys(operation?.requestBody?.content['application/json']?.schema.properties ?? {});
      expect([command.route, ...inPath, ...inBody]).toEqual(expect.arrayContaining(Object.keys(command.input.shape)));
    }
  });

  it('names every route there is, and each declares its level', () => {
    const tree = live.cloud.app.printRoutes({ commonPrefix: false, includeHooks: false });
    const routes: string[] = [];
    const stack: string[] = [];
    for (const line of tree.split('\n')) {
      const match = /^([│ ]*)(?:├── |└── )(\S+?)(?: \(([^)]*)\))?$/.exec(line.trimEnd());
      if (match === null) continue;
      const depth = (match[1]?.length ?? 0) / 4;
      stack.length = depth;
      stack.push(match[2] ?? '');
      for (const method of match[3]?.split(', ') ?? []) routes.push(`${method} ${stack.join('')}`);
    }
    const own = routes.filter((route) => !/^(HEAD|OPTIONS) | \/docs|\*/.test(route));
    expect(own.length).toBeGreaterThan(commands.length + 10);
    for (const route of own) {
      const [method = '', path = ''] = route.split(' ');
      const operation = paths[templated(path)]?.[method.toLowerCase()];
      expect({ route, ...operation }).toMatchObject({
        'x-level': expect.stringMatching(LEVEL),
        summary: expect.stringMatching(/\w/),
      });
    }
    expect(paths['/stream/kpis']?.['get']?.['x-level']).toBe('L4');
    expect(paths['/kds/tickets']?.['get']?.['x-level']).toBe('device-or-L1');
    expect(paths['/healthz']?.['get']).toMatchObject({ 'x-level': 'public', security: [] });
    expect(JSON.stringify(paths['/kpis']?.['get']?.responses)).toContain('salesMTD');
  });

  it('serves its page and everything on it from here, under a policy that lets it run', async () => {
    const page = await fetch(`${live.url}/docs/`);
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self'/);
    expect(policy).not.toMatch(/unsafe-eval/);
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      const url = new URL(asset, `${live.url}/docs/`);
      expect(url.origin).toBe(live.url);
      expect({ asset, status: (await fetch(url)).status }).toEqual({ asset, status: 200 });
    }
    // Scripts inside the page would need their hash in the policy.
    expect(html.match(/<script>[^<]*\S[^<]*<\/script>/)).toBeNull();
  });
});
