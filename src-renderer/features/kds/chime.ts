import { create } from 'zustand';

/** Whether the browser lets this page make a sound. It does not before the first tap or key on the page. */
export const useChime = create<{ isOn: boolean }>(() => ({ isOn: false }));

let context: AudioContext | undefined;

/** Gets the sound going, as far as the browser lets it. Call it again on every tap until it is on. */
export function wakeChime(): void {
  if (context === undefined) {
    context = new AudioContext();
    context.addEventListener('statechange', tellState);
  }
  tellState();
  // Stays pending until the first tap; a tap calls again.
  if (context.state !== 'running') void context.resume().then(tellState, tellState);
}

function tellState(): void {
  const isOn = context?.state === 'running';
  if (useChime.getState().isOn !== isOn) useChime.setState({ isOn });
}

/** Strikes of a bell: the notes in Hz, and when each is struck, in s. */
const STRIKES = {
  new: [
    { note: 1_046.5, at: 0 },
    { note: 1_318.5, at: 0.18 },
    { note: 1_568, at: 0.36 },
  ],
  cancelled: [
    { note: 440, at: 0 },
    { note: 349.2, at: 0.3 },
    { note: 440, at: 0.6 },
    { note: 349.2, at: 0.9 },
  ],
} as const;
/** What a bell sounds like: partials over the note, how loud, and how long they ring in s. */
const PARTIALS = [
  { times: 1, loudness: 0.5, rings: 1.4 },
  { times: 2.76, loudness: 0.2, rings: 0.8 },
  { times: 5.4, loudness: 0.1, rings: 0.35 },
] as const;

/** Rings the bell. Silent while the browser does not let it; `useChime` says so. */
export function ring(what: keyof typeof STRIKES): void {
  if (context?.state !== 'running') return;
  const now = context.currentTime;
  for (const { note, at } of STRIKES[what]) {
    for (const { times, loudness, rings } of PARTIALS) {
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.frequency.value = note * times;
      gain.gain.setValueAtTime(0, now + at);
      gain.gain.linearRampToValueAtTime(loudness, now + at + 0.005);
      gain.gain.exponentialRampToValueAtTime(0.0001, now + at + rings);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(now + at);
      oscillator.stop(now + at + rings);
    }
  }
}
