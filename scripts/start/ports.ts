import { createServer } from 'node:net';
import { AppError } from '#shared/kernel/errors.ts';

export const LOOPBACK = '127.0.0.1';

/** Makes sure that `port` can be listened on. Throws `port/taken` naming it. */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EACCES' ? 'needs more rights than you have' : 'is in use by another program';
      reject(new AppError('port/taken', `Port ${port} ${why}. Choose another with --port.`));
    });
    server.listen(port, LOOPBACK, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
