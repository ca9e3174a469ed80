import { type BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron';
import { CALL_NAMES, type CallName } from '#shared/contract/bridge-names.ts';
import type { BridgeAnswer } from '#shared/contract/bridge.ts';
import { AppError, toWireError } from '#shared/kernel/errors.ts';
import type { Screen, Terminal } from '../core/terminal.ts';

/** The bridge over Electron's IPC: one handler per call, and each window its own screen with its own session. */
export interface IpcBridge {
  /** From here on the window may call and gets events, until it is closed. */
  attach(window: BrowserWindow): void;
  close(): void;
}

/** Registers every call of the contract. Answers only the top frame of an attached window that shows `origin`. */
export function createIpcBridge(terminal: Terminal, origin: string, log: (line: string) => void): IpcBridge {
  const screens = new Map<number, Screen>();

  const answer = async (event: IpcMainInvokeEvent, name: CallName, input: unknown): Promise<BridgeAnswer<CallName>> => {
    try {
      return { ok: true, value: await terminal.handleCall(trustedScreen(event), name, input) };
    } catch (error) {
      if (!(error instanceof AppError))
        log(`bridge: ${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
      return { ok: false, error: toWireError(error) };
    }
  };

  const trustedScreen = ({ sender, senderFrame }: IpcMainInvokeEvent): Screen => {
    const screen = screens.get(sender.id);
    // `origin` as the browser knows it, not the address the page shows: a page cannot choose it.
    const isTrusted = senderFrame !== null && senderFrame.parent === null && senderFrame.origin === origin;
    if (screen === undefined || !isTrusted) throw new AppError('ipc/untrusted-sender');
    return screen;
  };

  for (const name of CALL_NAMES) ipcMain.handle(name, (event, input: unknown) => answer(event, name, input));

  return {
    attach(window) {
      const { webContents } = window;
      const { id } = webContents;
      const screen = terminal.openScreen({
        onEvent: (name, payload) => {
          if (!webContents.isDestroyed()) webContents.send(name, payload);
        },
      });
      screens.set(id, screen);
      window.once('closed', () => {
        screens.delete(id);
        screen.close();
      });
    },
    close() {
      for (const name of CALL_NAMES) ipcMain.removeHandler(name);
      for (const screen of screens.values()) screen.close();
      screens.clear();
    },
  };
}
