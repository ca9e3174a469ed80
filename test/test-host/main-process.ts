// The test host's main process: `node main-process.ts <out folder> --data DIR …` runs the built main bundle with the
// double in the place of `electron`. Started by test-host.ts with an IPC channel.
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createElectronDouble, preventable, type WindowDouble } from './electron-double.ts';
import type { FetchedFile, FromMain, RequestName, Requests, SenderFrame, ToMain } from './messages.ts';

const EVALUATE_MS = 10_000;
const out = process.argv[2];
if (out === undefined || process.send === undefined) throw new Error('main-process.ts is started by test-host.ts');

const post = (message: FromMain): void => void process.send?.(message);
const { electron, registered, becomeReady, quit } = createElectronDouble({
  userData: process.env['TEST_HOST_USER_DATA'] ?? '',
  isPackaged: true,
  isFirstInstance: process.env['TEST_HOST_SECOND_INSTANCE'] !== '1',
  post,
  // Lets what was posted leave first.
  exit: (code) => setImmediate(() => process.exit(code)),
});

function windowOf(id: number): WindowDouble {
  const window = registered.windows.get(id);
  if (window === undefined) throw new Error(`there is no window ${id}`);
  return window;
}

function frameOf({ url, origin, isTop }: SenderFrame): object {
  return { url, origin, parent: isTop ? null : { url: '', origin: '', parent: null } };
}

async function fetchFile(url: string): Promise<FetchedFile> {
  const scheme = new URL(url).protocol.slice(0, -1);
  const handler = registered.files.get(scheme);
  if (handler === undefined) throw new Error(`nothing serves ${scheme}:`);
  const response = await handler(new Request(url));
  const headers = Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]]));
  const sent = await new Promise<Record<string, string[]>>((resolve) => {
    if (registered.headers === undefined) return resolve(headers);
    registered.headers({ url, responseHeaders: headers }, (answer) => resolve(answer.responseHeaders ?? headers));
  });
  const flat = Object.fromEntries(
    Object.entries(sent).map(([name, values]) => [name.toLowerCase(), values.join(', ')]),
  );
  return { status: response.status, headers: flat, body: new Uint8Array(await response.arrayBuffer()) };
}

const answers: { [N in RequestName]: (input: Requests[N]['in']) => Promise<Requests[N]['out']> } = {
  async invoke({ windowId, channel, args, frame }) {
    const remote = `Error invoking remote method '${channel}'`;
    const handler = registered.handlers.get(channel);
    if (handler === undefined) throw new Error(`${remote}: No handler registered for '${channel}'`);
    const event = { sender: windowOf(windowId).webContents, senderFrame: frameOf(frame) };
    try {
      return structuredClone(await handler(event, ...args));
    } catch (error) {
      throw new Error(`${remote}: ${String(error)}`, { cause: error });
    }
  },
  fetch: ({ url }) => fetchFile(url),
  async willNavigate({ windowId, url, isMainFrame }) {
    const event = preventable({ url, isMainFrame, isSameDocument: false });
    const { webContents } = windowOf(windowId);
    webContents.emit('will-frame-navigate', event);
    if (isMainFrame) webContents.emit('will-navigate', event);
    return { isPrevented: event.isPrevented };
  },
  async windowOpen({ windowId, url }) {
    const { action } = windowOf(windowId).webContents.openHandler?.({ url }) ?? { action: 'allow' };
    registered.openings.push({ url, action });
    return { action };
  },
  permission: ({ permission }) =>
    new Promise((resolve) => {
      const isCheckGranted = registered.permissionCheck?.(null, permission) ?? true;
      if (registered.permissionRequest === undefined) return resolve({ isRequestGranted: true, isCheckGranted });
      registered.permissionRequest(null, permission, (isRequestGranted) =>
        resolve({ isRequestGranted, isCheckGranted }),
      );
    }),
  async crash({ windowId }) {
    windowOf(windowId).webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 139 });
    return null;
  },
  async resume() {
    electron.powerMonitor.emit('resume');
    return null;
  },
  recorded: async () => ({
    windows: [...registered.windows.values()].map(({ id, options, url }) => ({ id, options, url })),
    channels: [...registered.handlers.keys()],
    schemes: registered.schemes,
    hasPermissionRequestHandler: registered.permissionRequest !== undefined,
    hasPermissionCheckHandler: registered.permissionCheck !== undefined,
    hasDevicePermissionHandler: registered.devicePermission !== undefined,
    hasHeadersHandler: registered.headers !== undefined,
    errorBoxes: registered.errorBoxes,
    openings: registered.openings,
  }),
};

process.on('message', (message: ToMain) => {
  if (message.type === 'quit') return quit();
  if (message.type === 'close') return registered.windows.get(message.windowId)?.close();
  const { id, name, input } = message;
  const answer = answers[name] as (given: unknown) => Promise<unknown>;
  answer(input).then(
    (value) => post({ type: 'answer', id, value }),
    (error: unknown) => post({ type: 'failure', id, message: error instanceof Error ? error.message : String(error) }),
  );
});
// The test has gone: nothing may stay behind.
process.on('disconnect', () => process.exit(1));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, quit);

// `import … from 'electron'` in the bundle, and `require('electron')` in its dependencies, get the double.
Object.assign(globalThis, { electronDouble: electron });
const source = [
  'const double = globalThis.electronDouble;',
  ...Object.keys(electron).map((name) => `export const ${name} = double.${name};`),
  'export default double;',
].join('\n');
module.registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: 'double:electron', shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === 'double:electron' ? { format: 'module', source, shortCircuit: true } : next(url, context),
});

process.argv.splice(1, 2, join(out, 'main/index.js'));
// Electron becomes ready only after the main module has run to its end: a top-level await on whenReady never returns.
const stuck = setTimeout(() => {
  console.error('the main bundle did not run to its end: a top-level await on app.whenReady() would hang in Electron');
  process.exit(1);
}, EVALUATE_MS);
await import(pathToFileURL(join(out, 'main/index.js')).href);
clearTimeout(stuck);
becomeReady();
