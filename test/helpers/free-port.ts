import { createServer, type AddressInfo } from 'node:net';

/** A port that nobody listens on right now; with `count` above one, the first of so many in a row. */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    const rest = Array.from({ length: count - 1 }, (_, index) => listenOnce(port + index + 1));
    if ((await Promise.allSettled(rest)).every((each) => each.status === 'fulfilled')) return port;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}
