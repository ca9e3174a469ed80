import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { BACKUP_FOLDER, type BackupFile, listBackups, newestFirst } from './backup-files.ts';
import { checkDatabase } from './check-database.ts';
import { fileIdentity } from './file-identity.ts';
import type { HealNotice } from './heal-notice.ts';
import { MIRROR_FOLDER, type MirrorCopy, readMirror, syncFolder } from './mirror-files.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { DATABASE_FILE } from './open-database.ts';
import { putBack } from './put-back.ts';
import { salvage } from './salvage.ts';
import { openStore } from './store.ts';
import { readOrgId } from './terminal-identity.ts';

export interface RestoreOptions {
  dataDir: string;
  /** This terminal's folder on a second drive. */
  copiesFolder: string | undefined;
  nowMs: number;
  log: Log;
}

/** How far a restore is; the file is written before the step that it names begins. */
const Plan = z.object({
  step: z.enum(['build', 'swap']),
  /** Where the damaged files go. */
  aside: z.string(),
  startedAt: z.string(),
});
type Plan = z.infer<typeof Plan>;

const PLAN_FILE = 'restore.json';
const WORK_FOLDER = 'restore';

/** Whether a restore was begun and not ended; the database is not to be opened before. */
export function isRestoring(dataDir: string): boolean {
  return existsSync(join(dataDir, PLAN_FILE));
}

/**
 * Puts a damaged database back: the newest good backup, on it what the outbox's mirrors and the damaged file still have, then the
 * damaged files aside and the new one into their place. Can be killed after any step and called again. The caller holds the
 * folder's lock, and nobody has the database open. Throws `store/full`, `store/not-writable`; everything is as it was then.
 */
export function restore(options: RestoreOptions): void {
  const { dataDir, log } = options;
  const plan = readPlan(dataDir) ?? {
    step: 'build',
    aside: asideName(options),
    startedAt: isoAt(options.nowMs),
  };
  if (plan.step === 'build') {
    savePlan(dataDir, plan);
    log(`store: the data file is damaged; it is kept in ${plan.aside}, and the last good state is put back`);
    build(options, plan);
    savePlan(dataDir, { ...plan, step: 'swap' });
  }
  swap(dataDir, plan);
  rmSync(join(dataDir, PLAN_FILE), { force: true });
  syncFolder(dataDir);
  rmSync(join(dataDir, WORK_FOLDER), { recursive: true, force: true });
}

/** Makes the new database, beside the damaged one. */
function build(options: RestoreOptions, plan: Plan): void {
  const { dataDir, copiesFolder, nowMs, log } = options;
  const work = join(dataDir, WORK_FOLDER);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const file = join(work, DATABASE_FILE);
  const backup = takeBackup(options, file);
  const main = readMirror(join(dataDir, MIRROR_FOLDER), false);
  const second = copiesFolder === undefined ? undefined : tryRead(join(copiesFolder, MIRROR_FOLDER), log);
  const rest = salvage(dataDir, join(work, 'salvage'), log);
  // Of two words on one entry the last counts: a mirror's lines have checksums, the damaged file's have none.
  const copies = [rest, ...(second === undefined ? [] : [second]), main];
  const store = openStore(work, log);
  try {
    const enrolment =
      store.meta.find('enrolment') ??
      copies.reduce<string | undefined>((found, copy) => copy.head?.enrolment ?? found, undefined);
    let isComplete = wasClosed(main, copies);
    let entries = 0;
    if (enrolment !== undefined) {
      store.write(() => store.meta.save('enrolment', enrolment));
      const done = putBack(store, copies, { orgId: readOrgId(enrolment), at: isoAt(nowMs), isComplete, log });
      entries = done.entries;
      isComplete &&= !done.hasGap;
    }
    const notice: HealNotice = {
      what: 'restored',
      at: isoAt(nowMs),
      backupAt: backup === undefined ? null : isoAt(backup.madeMs),
      entries,
      isComplete,
      aside: plan.aside,
    };
    const identity = fileIdentity(file);
    store.write(() => {
      store.meta.save('healed', JSON.stringify(notice));
      store.meta.save('fileIdentity', identity);
    });
    log(
      `store: put back ${backup === undefined ? 'without a backup' : backup.path}; ${entries} entries from the mirror`,
    );
  } finally {
    store.close();
  }
  if (existsSync(`${file}-wal`))
    throw new AppError('store/not-writable', 'The restored data could not be written out.');
  flush(file);
  syncFolder(work);
}

/** The terminal ended in order, its own mirror says so, and no other copy knows of anything later. */
export function wasClosed(main: MirrorCopy, copies: readonly MirrorCopy[]): boolean {
  const end = main.last?.pos ?? 0;
  return main.lastMark?.state === 'closed' && copies.every((copy) => (copy.last?.pos ?? 0) <= end);
}

/** Copies the newest backup that is whole to `file`. Backups that are not stay where they are. */
function takeBackup({ dataDir, copiesFolder, log }: RestoreOptions, file: string): BackupFile | undefined {
  const folders = [dataDir, ...(copiesFolder === undefined ? [] : [copiesFolder])];
  const backups = folders.flatMap((folder) => listBackups(join(folder, BACKUP_FOLDER))).sort(newestFirst);
  for (const backup of backups) {
    let problem: string | undefined;
    try {
      copyFileSync(backup.path, file);
      const check = checkDatabase(Database, crc32, file);
      problem = check.schema > SCHEMA_VERSION ? 'it is of a newer version' : check.problem;
      if (problem === undefined && !check.hasEnrolment) problem = 'it is of no terminal';
    } catch (error) {
      problem = String(error);
    }
    if (problem === undefined) return backup;
    log(`store: the backup ${backup.path} cannot be used: ${problem}`);
    for (const end of ['', '-wal', '-journal']) rmSync(file + end, { force: true });
  }
  return undefined;
}

function tryRead(folder: string, log: Log): MirrorCopy | undefined {
  try {
    return readMirror(folder, false);
  } catch (error) {
    log(`store: the mirror in ${folder} cannot be read: ${String(error)}`);
    return undefined;
  }
}

/** Damaged files aside, new one in. Whether the new one is still in its work folder tells how far this was. */
function swap(dataDir: string, plan: Plan): void {
  const built = join(dataDir, WORK_FOLDER, DATABASE_FILE);
  if (!existsSync(built)) return;
  const aside = join(dataDir, plan.aside);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(dataDir)) {
    // `-wal`, `-shm`, `-journal` too: beside another database they would be taken for its own.
    if (name === DATABASE_FILE || name.startsWith(`${DATABASE_FILE}-`))
      renameSync(join(dataDir, name), join(aside, name));
  }
  syncFolder(aside);
  renameSync(built, join(dataDir, DATABASE_FILE));
  syncFolder(dataDir);
}

function asideName({ dataDir, nowMs }: RestoreOptions): string {
  const name = `damaged-${isoAt(nowMs).slice(0, 19).replaceAll(':', '-')}`;
  let free = name;
  for (let number = 2; existsSync(join(dataDir, free)); number += 1) free = `${name}-${number}`;
  return free;
}

/** A plan that cannot be read was torn while it was first written: nothing had been moved then. */
function readPlan(dataDir: string): Plan | undefined {
  try {
    return Plan.safeParse(JSON.parse(readFileSync(join(dataDir, PLAN_FILE), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function savePlan(dataDir: string, plan: Plan): void {
  const draft = join(dataDir, `${PLAN_FILE}.new`);
  writeFileSync(draft, JSON.stringify(plan), { mode: 0o600 });
  flush(draft);
  renameSync(draft, join(dataDir, PLAN_FILE));
  syncFolder(dataDir);
}

function flush(path: string): void {
  const handle = openSync(path, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}
