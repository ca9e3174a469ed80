// A lock between processes that share this checkout. Plain old JavaScript: it runs before anything is installed.
import { mkdirSync, rmSync, statSync, utimesSync } from 'fs';
import { dirname } from 'path';

const BEAT_MS = 1000;
const POLL_MS = 250;
// Unchanged over this many polls (10 s): the holder is gone. Counted in polls, not by the clock, so that a laptop
// waking from sleep does not take a living holder for a dead one.
const STALE_POLLS = 40;

/**
 * Runs `work` while no other process holds the lock `path` (a folder, since mkdir is atomic everywhere) and returns
 * what it returns. A holder that was killed is noticed by its missing heartbeat. `onWait` is called once when waiting.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {() => void} [onWait]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  let seen = 0;
  let unchanged = 0;
  let waited = false;
  while (!tryMake(path)) {
    if (!waited && onWait) onWait();
    waited = true;
    const beat = heartbeat(path);
    unchanged = beat === seen ? unchanged + 1 : 0;
    seen = beat;
    if (unchanged >= STALE_POLLS) {
      rmSync(path, { recursive: true, force: true });
      unchanged = 0;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const timer = setInterval(() => beatOnce(path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    rmSync(path, { recursive: true, force: true });
  }
}

/** @param {string} path */
function tryMake(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
function beatOnce(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // taken over while this process was suspended: nothing to keep alive any more
  }
}

/** @param {string} path */
function heartbeat(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0; // released between mkdir and here
  }
}
