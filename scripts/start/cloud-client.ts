import type { z } from 'zod';
import { readWireError } from '#shared/contract/bridge.ts';
import { AppError } from '#shared/kernel/errors.ts';

/** One call of the cloud's HTTP API; the answer is read with `schema`. Throws the cloud's own error as AppError. */
export async function callCloud<S extends z.ZodType>(
  cloudUrl: string,
  route: string,
  body: unknown,
  schema: S,
  accessToken?: string,
): Promise<z.output<S>> {
  const [method = 'POST', path = ''] = route.split(' ');
  const response = await fetch(cloudUrl + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const found = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : answer;
    const { code, message } = readWireError(found);
    throw new AppError(code, `${route}: ${message}`);
  }
  return schema.parse(answer);
}
