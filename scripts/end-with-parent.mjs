// Preloaded into every task by bootstrap.mjs: a task that has lost its bootstrap (killed with SIGKILL, say) ends as if asked to,
// and leaves no server behind on its port.
import { isMainThread } from 'node:worker_threads';

const parent = process.ppid;
if (isMainThread && process.platform !== 'win32') {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 1000);
  watch.unref();
}
