import { join } from 'node:path';
import { HUB_CALL_PREFIX, HUB_CSRF_HEADER, HUB_EVENTS_PATH } from '#shared/contract/bridge.ts';
import { EVENT_NAMES, type CallName, type EventName } from '#shared/contract/bridge-names.ts';
import { HubProcess } from '../helpers/hub-process.ts';
import type { TerminalName, TestRestaurant } from '../helpers/test-restaurant.ts';
import { MainHost } from '../test-host/main-host.ts';
import { openVmWindow } from '../test-host/vm-window.ts';

/** One screen's bridge to a running terminal. Answers are as they cross: `{ok, value}` or `{ok, error}`. */
export interface Connection {
  call(name: CallName, input: unknown): Promise<unknown>;
  /** The first event of that name that was or is heard and fits. */
  heard(name: EventName, fits: (payload: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface Bridge {
  name: string;
  terminal: TerminalName;
  connect(restaurant: TestRestaurant): Promise<Connection>;
}

class Heard {
  readonly #events: { name: string; payload: Record<string, unknown> }[] = [];
  #wake: (() => void)[] = [];

  add(name: string, payload: unknown): void {
    this.#events.push({ name, payload: payload as Record<string, unknown> });
    for (const wake of this.#wake.splice(0)) wake();
  }

  async first(name: EventName, fits: (payload: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.#events.find((event) => event.name === name && fits(event.payload));
      if (found !== undefined) return found.payload;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

const ipc: Bridge = {
  name: 'IPC',
  terminal: 'Kitchen',
  async connect(restaurant) {
    const dataDir = restaurant.terminalDir('Kitchen');
    const main = new MainHost({
      out: join(import.meta.dirname, '..', '..', 'out'),
      args: ['--data', dataDir, `--cloud=${restaurant.cloud.url}`],
      userData: join(dataDir, 'electron'),
    });
    const { api } = await openVmWindow(main);
    const heard = new Heard();
    for (const name of EVENT_NAMES) api.on(name, (payload) => heard.add(name, payload));
    return {
      call: (name, input) => api.call(name, input),
      heard: (name, fits) => heard.first(name, fits),
      close: async () => void (await main.quit()),
    };
  },
};

const http: Bridge = {
  name: 'HTTP',
  terminal: 'Counter 1',
  async connect(restaurant) {
    const hub = await HubProcess.start(restaurant.terminalDir('Counter 1'), restaurant.cloud.url);
    const heard = new Heard();
    let cookie = '';
    const call = async (name: CallName, input: unknown): Promise<unknown> => {
      const answer = await fetch(hub.url + HUB_CALL_PREFIX + name, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [HUB_CSRF_HEADER]: '1', cookie },
        body: JSON.stringify(input),
      });
      const [set] = answer.headers.getSetCookie();
      cookie = set?.split(';')[0] ?? cookie;
      return answer.json();
    };
    // The page itself gives a browser its cookie, before the stream opens.
    const page = await fetch(`${hub.url}/`);
    cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    if (cookie === '') await call('terminal:info', {});
    const ended = new AbortController();
    const stream = await fetch(hub.url + HUB_EVENTS_PATH, { headers: { cookie }, signal: ended.signal });
    void readEvents(stream, heard).catch(() => undefined);
    return {
      call,
      heard: (name, fits) => heard.first(name, fits),
      close: async () => {
        ended.abort();
        await hub.stop();
      },
    };
  },
};

async function readEvents(stream: Response, heard: Heard): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const name = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (name !== undefined && data !== undefined) heard.add(name, JSON.parse(data));
    }
  }
}

/** Every implementation of the bridge contract. */
export const bridges: readonly Bridge[] = [http, ipc];
