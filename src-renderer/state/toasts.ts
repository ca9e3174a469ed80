import { create } from 'zustand';
import { AppError, ERRORS } from '#shared/kernel/errors.ts';

export interface Toast {
  id: number;
  tone: 'info' | 'ok' | 'danger';
  text: string;
  undo?: { label: string; run: () => void };
}

/** Long enough to read and to take back; a plain "done" is in the way of the items. */
const SHOWN_MS = 6_000;
const DONE_SHOWN_MS = 2_500;
const SHOWN_AT_MOST = 2;
let nextId = 1;

export const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));

/** Shows a message for a few seconds; with `undo` it carries a button that takes back what was done. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  const id = nextId++;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { ...toast, id }].slice(-SHOWN_AT_MOST) }));
  setTimeout(() => hideToast(id), toast.tone === 'ok' && toast.undo === undefined ? DONE_SHOWN_MS : SHOWN_MS);
}

export function hideToast(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

/** The sentence for people of an error. */
export function errorText(error: unknown): string {
  return error instanceof AppError ? error.message : ERRORS.internal.text;
}

export function showError(error: unknown): void {
  showToast({ tone: 'danger', text: errorText(error) });
}
