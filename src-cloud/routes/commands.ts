import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Command } from '#shared/commands/define-command.ts';
import { commands } from '#shared/commands/registry.ts';
import { Kind } from '#shared/domain/entity.ts';
import { CommandId } from '#shared/kernel/ids.ts';
import type { CloudContext } from '../context.ts';
import { userOf } from '../services/auth.ts';
import { commandIdFor, runRestCommand } from '../services/command-rest.ts';
import type { Saved } from '../store/save-rows.ts';
import { sendOnce } from './send-once.ts';

const CommandAnswer = z.object({
  commandId: CommandId,
  status: z.literal('applied'),
  flags: z.array(z.string()),
  rows: z.array(z.object({ kind: Kind, id: z.string(), body: z.record(z.string(), z.unknown()) })),
});

/** The REST route of every command in the registry (DESIGN §3); a newer version of a command stands in for its older ones. */
export function registerCommandRoutes(app: FastifyInstance, ctx: CloudContext): void {
  const newest = new Map<string, Command>();
  for (const command of commands) {
    const known = newest.get(command.route);
    if (known === undefined || known.version < command.version) newest.set(command.route, command);
  }
  for (const command of newest.values()) registerCommandRoute(app, ctx, command);
}

function registerCommandRoute(app: FastifyInstance, ctx: CloudContext, command: Command): void {
  const paramNames = [...command.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  const shape = Object.entries(command.input.shape);
  const params = Object.fromEntries(shape.filter(([name]) => paramNames.includes(name)));
  const fields = Object.fromEntries(shape.filter(([name]) => !paramNames.includes(name)));
  const body = z.object({ ...fields, _idempotencyKey: z.string().max(128).optional() });
  app.route<{ Params: Record<string, string>; Querystring: { branchId?: string } }>({
    method: command.method,
    url: command.path,
    config: { level: command.level },
    schema: {
      tags: [command.name.split('.', 1)[0] ?? 'commands'],
      summary: command.summary,
      operationId: command.name,
      ...(paramNames.length === 0 ? {} : { params: z.object(params) }),
      querystring: z.object({ branchId: z.string().optional() }),
      headers: z.object({ 'idempotency-key': z.string().optional(), 'x-branch-id': z.string().optional() }),
      ...(Object.keys(fields).length === 0 ? {} : { body }),
      response: { 200: CommandAnswer, 201: CommandAnswer },
    },
    // The schemas above are for the documentation: path and body are one input, which the command's own schema judges.
    validatorCompiler: () => (value: unknown) => ({ value }),
    handler: async (request, reply) => {
      const user = userOf(request);
      const header = request.headers['x-branch-id'];
      const branchId = typeof header === 'string' ? header : request.query.branchId;
      let saved: Saved | undefined;
      await sendOnce(ctx, request, reply, async (tx, given) => {
        const done = await runRestCommand(ctx, tx, user, {
          command,
          input: { ...given.body, ...request.params },
          commandId: commandIdFor(user, given.key, ctx.clock.now()),
          branchId,
        });
        saved = done.saved;
        return done.answer;
      });
      if (saved !== undefined) ctx.wakeups.publish({ orgId: user.orgId, scopes: saved.scopes, days: saved.days });
    },
  });
}
