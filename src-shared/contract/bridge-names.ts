/** The names of the bridge between a screen and its terminal. Apart from the schemas, so that the preload stays small. */
export const CALL_NAMES = [
  'terminal:info',
  'session:signIn',
  'session:lock',
  'live:snapshot',
  'command:run',
  'shift:drawer',
  'outbox:list',
  'staff:setPin',
  'staff:liftLock',
  'sync:now',
  'sync:terminals',
  'sync:testPath',
  'refusals:list',
  'tasks:history',
  'quarantine:list',
  'quarantine:decide',
] as const;
export type CallName = (typeof CALL_NAMES)[number];

export const EVENT_NAMES = ['live:rows', 'live:status', 'live:kpis', 'session:changed', 'sync:path'] as const;
export type EventName = (typeof EVENT_NAMES)[number];
