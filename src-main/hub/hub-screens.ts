import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { EventName } from '#shared/contract/bridge-names.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Screen, Terminal } from '../core/terminal.ts';

const COOKIE = 'chefcloud_screen';
const ID_FORM = /^[A-Za-z0-9_-]{43}$/;
const MAX_SCREENS = 200;
/** A screen that is neither connected nor calls for this long is forgotten, and its session with it. */
const FORGET_AFTER_MS = 12 * 3_600_000;
const LOOK_EVERY_MS = 10 * 60_000;
/** A client that lets this much pile up is cut off; it comes back and starts from a snapshot. */
const MAX_QUEUE_BYTES = 4 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;

interface HubScreen {
  id: string;
  screen: Screen;
  streams: Set<ServerResponse>;
  usedMs: number;
}

/** The browsers of a hub: a cookie names a screen of the terminal, with its session and its open event streams. */
export interface HubScreens {
  /** The screen of a request's cookie; a new one when it has none. `cookie` is set when the browser has to be told. */
  of(cookieHeader: string | undefined): { screen: Screen; cookie: string | undefined };
  /** After a sign-in the screen goes on under a new name: one that was planted beforehand opens nothing. */
  renew(screen: Screen): string;
  /** Sends the screen's events there until it closes. */
  attach(screen: Screen, response: ServerResponse): void;
  close(): void;
}

export function createHubScreens(terminal: Terminal, clock: Clock): HubScreens {
  const byId = new Map<string, HubScreen>();
  const byScreen = new Map<Screen, HubScreen>();

  const setCookie = (id: string): string => `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000`;

  const write = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MAX_QUEUE_BYTES) response.destroy();
    else response.write(text);
  };

  const create = (id: string): HubScreen => {
    if (byId.size >= MAX_SCREENS)
      throw new AppError('rate/limited', 'Too many screens are open on this hub. Close some.');
    const streams = new Set<ServerResponse>();
    const onEvent = (name: EventName, payload: unknown): void => {
      if (streams.size === 0) return;
      const text = `event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`;
      for (const response of streams) write(response, text);
    };
    const made: HubScreen = { id, screen: terminal.openScreen({ onEvent }), streams, usedMs: clock.now() };
    byId.set(id, made);
    byScreen.set(made.screen, made);
    return made;
  };

  const forget = (each: HubScreen): void => {
    byId.delete(each.id);
    byScreen.delete(each.screen);
    for (const response of each.streams) response.end();
    each.screen.close();
  };

  const look = (): void => {
    for (const each of byId.values()) {
      if (each.streams.size === 0 && clock.now() - each.usedMs > FORGET_AFTER_MS) forget(each);
    }
    cancelLook = clock.after(LOOK_EVERY_MS, look);
  };
  let cancelLook = clock.after(LOOK_EVERY_MS, look);

  const beat = (): void => {
    for (const { streams } of byId.values()) for (const response of streams) write(response, ':\n\n');
    cancelBeat = clock.after(HEARTBEAT_MS, beat);
  };
  let cancelBeat = clock.after(HEARTBEAT_MS, beat);

  return {
    of: (cookieHeader) => {
      const given = readCookie(cookieHeader);
      const known = given === undefined ? undefined : byId.get(given);
      if (known !== undefined) {
        known.usedMs = clock.now();
        return { screen: known.screen, cookie: undefined };
      }
      // A name from before a restart is kept: the page's calls and its stream, which arrive together, mean one screen.
      const made = create(given ?? randomBytes(32).toString('base64url'));
      return { screen: made.screen, cookie: setCookie(made.id) };
    },
    renew: (screen) => {
      const found = byScreen.get(screen);
      const id = randomBytes(32).toString('base64url');
      if (found !== undefined) {
        byId.delete(found.id);
        found.id = id;
        byId.set(id, found);
      }
      return setCookie(id);
    },
    attach: (screen, response) => {
      const found = byScreen.get(screen);
      if (found === undefined) {
        response.end();
        return;
      }
      found.streams.add(response);
      response.on('close', () => {
        found.streams.delete(response);
        found.usedMs = clock.now();
      });
      response.on('error', () => response.destroy());
    },
    close: () => {
      cancelLook();
      cancelBeat();
      for (const each of byId.values()) forget(each);
    },
  };
}

function readCookie(header: string | undefined): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE && value !== undefined && ID_FORM.test(value)) return value;
  }
  return undefined;
}
