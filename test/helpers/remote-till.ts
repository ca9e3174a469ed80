import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ulid } from 'ulid';
import { ChangesPage, PushAnswer } from '#shared/contract/sync-wire.ts';
import { ChallengeAnswer, EnrolAnswer, SetupAnswer, TokenAnswer } from '#shared/contract/cloud-wire.ts';
import type { z } from 'zod';
import { burger, type Entry } from './cloud-kit.ts';

export interface DeviceKeys {
  x: string;
  privateKey: KeyObject;
}
export function newDeviceKeys(): DeviceKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { x: publicKey.export({ format: 'jwk' }).x ?? '', privateKey };
}

/** A terminal of a new organisation, spoken over real HTTP to a cloud in another process. */
export class RemoteTill {
  readonly #url: string;
  readonly #keys: DeviceKeys;
  readonly #enrolled: z.infer<typeof EnrolAnswer>;
  readonly #actorId: string;
  #token = '';
  seq = 0;
  /** How many orders were rung up. */
  orderCount = 0;

  private constructor(url: string, keys: DeviceKeys, enrolled: z.infer<typeof EnrolAnswer>, actorId: string) {
    this.#url = url;
    this.#keys = keys;
    this.#enrolled = enrolled;
    this.#actorId = actorId;
  }

  static async setUp(url: string, token: string, keys: DeviceKeys): Promise<RemoteTill> {
    const setup = SetupAnswer.parse(
      await send(url, 'POST', '/setup', {
        token,
        organisation: { name: 'Cafe', currency: 'USD' },
        branch: { name: 'Main', zone: 'UTC', dayStartHour: 0, stations: [{ id: 'grill', name: 'Grill' }] },
        owner: { name: 'Owner', email: 'owner@example.com', password: 'a long password', pin: '123456' },
      }),
    );
    const enrolled = EnrolAnswer.parse(
      await send(url, 'POST', '/devices/enrol', { code: setup.enrolmentCode, name: 'Till', publicKey: keys.x }),
    );
    return new RemoteTill(url, keys, enrolled, setup.ownerId);
  }

  async #signIn(): Promise<void> {
    const { deviceId, certificate } = this.#enrolled;
    const { challenge } = ChallengeAnswer.parse(await send(this.#url, 'POST', '/auth/device/challenge', { deviceId }));
    const signature = sign(null, Buffer.from(challenge), this.#keys.privateKey).toString('base64url');
    const answer = await send(this.#url, 'POST', '/auth/device/token', { challenge, signature, certificate });
    this.#token = TokenAnswer.parse(answer).accessToken;
  }

  /** Whole sales of two burgers each. */
  sales(count: number): Entry[] {
    return Array.from({ length: count }, () => {
      this.orderCount += 1;
      const orderId = `o${this.orderCount}`;
      return [
        this.#entry('order.open', { orderId, type: 'takeaway' }),
        this.#entry('order.addLine', burger(orderId, 'l1')),
        this.#entry('order.addLine', burger(orderId, 'l2')),
        this.#entry('payment.take', { orderId, paymentId: `${orderId}-p`, method: 'card', amountMinor: 2000 }),
        this.#entry('order.close', { orderId }),
      ];
    }).flat();
  }

  #entry(name: string, input: Record<string, unknown>): Entry {
    this.seq += 1;
    const id = ulid();
    const at = new Date().toISOString();
    const { branch } = this.#enrolled;
    const envelope = {
      id,
      name,
      version: 1,
      branchId: branch.id,
      actorId: this.#actorId,
      at,
      businessDay: at.slice(0, 10),
      input,
    };
    const body = JSON.stringify(envelope);
    return {
      seq: this.seq,
      lamport: this.seq,
      id,
      endpoint: '',
      method: 'POST',
      idempotencyKey: id,
      createdAt: at,
      body,
    };
  }

  async push(entries: readonly Entry[]): Promise<PushAnswer> {
    if (this.#token === '') await this.#signIn();
    const request = {
      deviceId: this.#enrolled.deviceId,
      incarnation: 'a1b2c3d4',
      clockMs: Date.now(),
      pending: { count: entries.length, oldestAt: null },
      entries,
    };
    return PushAnswer.parse(await send(this.#url, 'POST', '/sync/push', request, this.#token));
  }

  /** The orders of the branch and their lines, counted from the changes. */
  async orders(): Promise<{ rows: number; lines: number }> {
    let [rows, lines, after] = [0, 0, ''];
    for (;;) {
      const page = ChangesPage.parse(await send(this.#url, 'GET', `/sync/changes${after}`, undefined, this.#token));
      for (const { kind, body } of page.rows) {
        if (kind !== 'order') continue;
        rows += 1;
        lines += Array.isArray(body?.['lines']) ? body['lines'].length : 0;
      }
      after = `?after=${page.cursor}`;
      if (!page.hasMore) return { rows, lines };
    }
  }
}

async function send(url: string, method: string, path: string, body?: unknown, token?: string): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(parsed)}`);
  return parsed;
}
