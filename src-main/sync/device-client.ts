import type { z } from 'zod';
import { CloudError, type CloudClient, type CloudRequest } from './cloud-client.ts';
import type { DeviceTokens } from './device-token.ts';

/** Requests in the name of this terminal: with its token, and once more with a new one when that was refused. */
export interface DeviceClient {
  /** Throws CloudError. */
  send<S extends z.ZodType>(request: Omit<CloudRequest<S>, 'token'>): Promise<z.output<S>>;
}

export function createDeviceClient(client: CloudClient, tokens: DeviceTokens): DeviceClient {
  return {
    send: async (request) => {
      const token = await tokens.get();
      try {
        return await client.send({ ...request, token });
      } catch (error) {
        if (!(error instanceof CloudError) || error.status !== 401) throw error;
        tokens.drop(token);
        return client.send({ ...request, token: await tokens.get() });
      }
    },
  };
}
