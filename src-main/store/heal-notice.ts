import { z } from 'zod';

/** What was put back, as it is kept for people to see. */
const HealNotice = z.object({
  /** `restored`: the database was damaged. `caught-up`: it lacked what its mirror has. */
  what: z.enum(['restored', 'caught-up']),
  at: z.string(),
  /** The backup that it was put back from; null when there was none. */
  backupAt: z.string().nullable(),
  /** Entries that were brought back. */
  entries: z.int(),
  /** Whether it is proven that nothing is missing. */
  isComplete: z.boolean(),
  /** The folder of the damaged files. */
  aside: z.string().nullable(),
});
export type HealNotice = z.infer<typeof HealNotice>;

/** Reads a stored notice; `undefined` when it cannot be read. */
export function readHealNotice(text: string): HealNotice | undefined {
  try {
    return HealNotice.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The notice in words; `timeOf` writes a moment as the branch's clock shows it. */
export function describeHealing(notice: HealNotice, timeOf: (iso: string) => string): string {
  const entries = notice.entries === 1 ? '1 entry was' : `${notice.entries} entries were`;
  const brought =
    notice.entries === 0
      ? 'Nothing had to be brought back from the mirror.'
      : `${entries} brought back from the mirror.`;
  const missing = notice.isComplete
    ? 'Nothing is missing.'
    : 'What was entered in the last second before, or lay where the disk is damaged, may be missing: compare the last receipts on paper. Receipt numbers go on in a new series.';
  if (notice.what === 'caught-up')
    return `The data file of this terminal lacked its newest entries, as after a copy of it was put back. ${brought} ${missing}`;
  const from =
    notice.backupAt === null
      ? 'There was no backup: menu and orders come from the cloud.'
      : `It was put back from the backup of ${timeOf(notice.backupAt)}.`;
  return `The data file of this terminal was damaged. ${from} ${brought} ${missing} The damaged file is kept.`;
}
