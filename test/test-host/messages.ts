/** What the test host's main process (a Node process with a double of Electron) and the test say to each other. */

/** A frame that sends something, as Electron would describe it. */
export interface SenderFrame {
  url: string;
  origin: string;
  isTop: boolean;
}

/** What main asked of its windows and its session: the security settings that a spec asserts. */
export interface Recorded {
  windows: { id: number; options: { webPreferences?: Record<string, unknown> }; url: string }[];
  channels: string[];
  schemes: { scheme: string; privileges?: Record<string, boolean> }[];
  hasPermissionRequestHandler: boolean;
  hasPermissionCheckHandler: boolean;
  hasDevicePermissionHandler: boolean;
  hasHeadersHandler: boolean;
  errorBoxes: string[];
  /** The new windows that were asked for, and what main said. */
  openings: { url: string; action: string }[];
}

export interface FetchedFile {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What the test may ask of main; the answer's type follows the request's. */
export interface Requests {
  invoke: { in: { windowId: number; channel: string; args: unknown[]; frame: SenderFrame }; out: unknown };
  fetch: { in: { url: string }; out: FetchedFile };
  willNavigate: { in: { windowId: number; url: string; isMainFrame: boolean }; out: { isPrevented: boolean } };
  windowOpen: { in: { windowId: number; url: string }; out: { action: string } };
  permission: { in: { permission: string }; out: { isRequestGranted: boolean; isCheckGranted: boolean } };
  crash: { in: { windowId: number }; out: null };
  resume: { in: Record<string, never>; out: null };
  recorded: { in: Record<string, never>; out: Recorded };
}
export type RequestName = keyof Requests;

export type ToMain =
  | { [N in RequestName]: { type: 'request'; id: number; name: N; input: Requests[N]['in'] } }[RequestName]
  | { type: 'close'; windowId: number }
  | { type: 'quit' };

export type FromMain =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'failure'; id: number; message: string }
  | { type: 'window'; windowId: number; width: number; height: number; preload: string | undefined }
  | { type: 'load'; windowId: number; url: string }
  | { type: 'send'; windowId: number; channel: string; args: unknown[] }
  | { type: 'closed'; windowId: number };
