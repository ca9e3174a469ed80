import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CloudContext } from '../context.ts';
import { userOf } from '../services/auth.ts';
import { type Answer, answerOnce, fingerprintOf, splitKey } from '../services/idempotency.ts';
import type { Tx } from '../store/with-org.ts';

/** Answers a person's write under its `Idempotency-Key`, if it has one (SPEC D2). `run` gets the key and the body without it. */
export async function sendOnce(
  ctx: CloudContext,
  request: FastifyRequest,
  reply: FastifyReply,
  run: (tx: Tx, given: ReturnType<typeof splitKey>) => Promise<Answer>,
): Promise<void> {
  const user = userOf(request);
  const given = splitKey(request.headers['idempotency-key'], request.body);
  const path = request.url.split('?', 1)[0] ?? request.url;
  const answer = await answerOnce(
    ctx,
    {
      orgId: user.orgId,
      caller: user.staffId,
      key: given.key,
      fingerprint: fingerprintOf(request.method, path, given.body),
    },
    (tx) => run(tx, given),
  );
  await reply.code(answer.status).send(answer.body);
}
