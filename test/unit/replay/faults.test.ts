import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planFaults } from '../../../scripts/replay/faults.ts';
import { CUT_KINDS, FlakyProxy } from '../../../scripts/replay/flaky-proxy.ts';
import { seededRandom } from '../../../scripts/replay/random.ts';

describe('the plan of faults', () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'seed %i: three kills spread over the run, cuts of every kind',
    (seed) => {
      const plan = planFaults(seededRandom(seed));
      expect(planFaults(seededRandom(seed))).toEqual(plan);
      const kills = plan.filter(({ what }) => what === 'kill').map(({ at }) => at);
      expect(kills.length).toBeGreaterThanOrEqual(3);
      for (const third of [0, 1, 2]) expect(kills.some((at) => at > third / 4 && at < (third + 2) / 4)).toBe(true);
      expect(new Set(plan.map((fault) => (fault.what === 'cut' ? fault.kind : 'kill')))).toEqual(
        new Set([...CUT_KINDS, 'kill']),
      );
      expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).sort((a, b) => a - b));
      expect(plan.every(({ at }) => at >= 0 && at < 1)).toBe(true);
    },
  );

  test('another seed is another plan', () => {
    expect(planFaults(seededRandom(1))).not.toEqual(planFaults(seededRandom(2)));
  });
});

describe('the line between terminal and cloud', () => {
  let cloud: Server;
  let proxy: FlakyProxy;
  /** Bodies that reached the cloud whole. */
  let received: string[];
  let inTheMiddle: (() => void) | undefined;

  beforeEach(async () => {
    received = [];
    inTheMiddle = undefined;
    cloud = createServer((req, res) => {
      let body = '';
      req.on('data', (bytes: Buffer) => (body += bytes.toString()));
      req.on('end', () => {
        received.push(body);
        inTheMiddle?.();
        res.end(`answer to ${body.length}`);
      });
    });
    await new Promise<void>((resolve) => {
      cloud.listen(0, '127.0.0.1', resolve);
    });
    proxy = await FlakyProxy.listen((cloud.address() as AddressInfo).port, seededRandom(1));
  });
  afterEach(async () => {
    await proxy.close();
    cloud.closeAllConnections();
    await new Promise((resolve) => {
      cloud.close(resolve);
    });
  });

  function push(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const post = request(`${proxy.url}/sync/push`, { method: 'POST', agent: false }, (res) => {
        let text = '';
        res.on('data', (bytes: Buffer) => (text += bytes.toString()));
        res.on('end', () => resolve(text));
        res.on('error', reject);
      });
      post.on('error', reject);
      post.end(body);
    });
  }

  test('passes everything on', async () => {
    const large = 'x'.repeat(900_000);
    expect(await push(large)).toBe('answer to 900000');
    expect(received).toEqual([large]);
  });

  test('cut in the middle of a push: the cloud never has it whole', async () => {
    const cut = proxy.cut('mid-request', 0);
    await expect(push('first')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await cut;
    expect(received).toEqual([]);
    expect(await push('second')).toBe('answer to 6');
  });

  test('cut before the answer: the cloud has it, the terminal does not know', async () => {
    const cut = proxy.cut('before-answer', 0);
    await expect(push('first')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await cut;
    expect(received).toEqual(['first']);
    expect(await push('second')).toBe('answer to 6');
  });

  test('refuses while it is cut, and mends', async () => {
    const cut = proxy.cut('refuse', 50);
    await expect(push('first')).rejects.toThrow(/ECONNRESET|socket hang up/);
    await cut;
    expect(await push('second')).toBe('answer to 6');
    expect(received).toEqual(['second']);
  });

  test('a stall passes nothing on and ends in a cut', async () => {
    const cut = proxy.cut('stall', 50);
    await expect(push('first')).rejects.toThrow(/ECONNRESET|socket hang up/);
    await cut;
    expect(received).toEqual([]);
    expect(await push('second')).toBe('answer to 6');
  });

  test('drops what is under way', async () => {
    inTheMiddle = () => void proxy.cut('drop', 0);
    await expect(push('first')).rejects.toThrow(/ECONNRESET|socket hang up/);
    inTheMiddle = undefined;
    expect(await push('second')).toBe('answer to 6');
  });

  test('goes to where the cloud is now', async () => {
    const other = createServer((_req, res) => res.end('the other'));
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    proxy.cloudPort = (other.address() as AddressInfo).port;
    expect(await push('x')).toBe('the other');
    other.closeAllConnections();
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });
});
