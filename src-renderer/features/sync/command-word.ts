import i18next from 'i18next';

/** What a command is called in plain words; its own name when it is newer than these words. */
export function commandWord(name: string): string {
  // One known key stands for all: a test holds the words of every command complete.
  const key = `commands:${name}` as 'commands:payment.take';
  const isKnown: boolean = i18next.exists(key);
  return isKnown ? i18next.t(key) : name;
}
