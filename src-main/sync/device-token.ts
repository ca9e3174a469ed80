import { ChallengeAnswer, TokenAnswer } from '#shared/contract/cloud-wire.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import type { CloudClient } from './cloud-client.ts';

/** Who this terminal is, and how it proves it. */
export interface DeviceIdentity {
  deviceId: string;
  certificate: string;
  /** Ed25519 over the bytes of the text, as base64url. */
  sign(text: string): string;
}

/** The short-lived token of this terminal. */
export interface DeviceTokens {
  /** A token that holds for another minute at least. Throws CloudError. */
  get(): Promise<string>;
  /** The cloud did not take this token: the next `get` asks for another. */
  drop(token: string): void;
}

const MARGIN_MS = 60_000;

export function createDeviceTokens(client: CloudClient, identity: DeviceIdentity, clock: Clock): DeviceTokens {
  let current: { token: string; untilMs: number } | undefined;
  let pending: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const { challenge } = await client.send({
      method: 'POST',
      path: '/auth/device/challenge',
      body: { deviceId: identity.deviceId },
      answer: ChallengeAnswer,
    });
    const { accessToken, expiresInS } = await client.send({
      method: 'POST',
      path: '/auth/device/token',
      body: { challenge, signature: identity.sign(challenge), certificate: identity.certificate },
      answer: TokenAnswer,
    });
    current = { token: accessToken, untilMs: clock.now() + expiresInS * 1000 - MARGIN_MS };
    return accessToken;
  };

  return {
    get: () => {
      if (current !== undefined && clock.now() < current.untilMs) return Promise.resolve(current.token);
      pending ??= ask().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    drop: (token) => {
      if (current?.token === token) current = undefined;
    },
  };
}
