import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { KpiQuery, KpisAnswer, KpiStatus } from '#shared/contract/cloud-wire.ts';
import { branchDay } from '#shared/domain/branch.ts';
import { BusinessDay } from '#shared/kernel/business-day.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { CloudContext } from '../context.ts';
import { userOf } from '../services/auth.ts';
import { askedFigures, kpiSource } from '../services/kpi-query.ts';
import { readLiveFigures, readPastFigures } from '../services/kpi-snapshot.ts';
import { kpiStatus } from '../services/kpi-status.ts';
import { sumDayKpis } from '../services/kpi-sum.ts';
import { deviceSubject, type Live } from '../stream/live.ts';

/** Before this no restaurant had a cloud; it keeps a typing error from filling the store with empty days. */
const FIRST_DAY = '2000-01-01';

/** Figures on demand (SPEC A5) and how far the live ones can be trusted (A2). */
export function registerKpis(app: FastifyInstance, ctx: CloudContext, live: Live): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const source = kpiSource(ctx);
  const { db } = ctx.database;

  typed.get(
    '/kpis',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['kpis'],
        summary: 'The figures of today, or of a past business day as of its end',
        querystring: KpiQuery.safeExtend({ date: BusinessDay.optional() }),
        response: { 200: KpisAnswer },
      },
    },
    async (request) => {
      const { date } = request.query;
      const { scope, branches, list } = await askedFigures(ctx, userOf(request), request.query);
      const nowMs = ctx.clock.now();
      const begun = branches.filter((branch) => date === undefined || date <= branchDay(branch, nowMs));
      if (date !== undefined && (date < FIRST_DAY || (branches.length > 0 && begun.length === 0))) {
        throw new AppError('input/invalid', 'date: this business day has not begun yet', { path: 'date' });
      }
      const current = begun.filter((branch) => date === undefined || date === branchDay(branch, nowMs));
      const past = begun.filter((branch) => !current.includes(branch));
      const figures = [
        ...(await readLiveFigures(db, scope.orgId, current, nowMs)),
        ...(await Promise.all(
          past.map((branch) => readPastFigures(db, scope.orgId, branch, date ?? branchDay(branch, nowMs))),
        )),
      ];
      const newestDay = figures
        .map(({ day }) => day)
        .toSorted()
        .at(-1);
      return {
        scope: request.query.scope,
        branchId: scope.kind === 'branch' ? scope.branchId : null,
        date: date ?? newestDay ?? BusinessDay.parse(new Date(nowMs).toISOString().slice(0, 10)),
        currency: list.currency,
        kpis: sumDayKpis(figures.map(({ kpis }) => kpis)),
        orderCount: figures.reduce((sum, { orderCount }) => sum + orderCount, 0),
      };
    },
  );

  typed.get(
    '/kpis/status',
    {
      config: { level: 'L4' },
      schema: {
        tags: ['kpis'],
        summary: 'How far the live figures can be trusted: terminals heard, oldest sale not yet here',
        querystring: KpiQuery,
        response: { 200: KpiStatus },
      },
    },
    async (request) => {
      const { scope, branches } = await askedFigures(ctx, userOf(request), request.query);
      const asOfMs = ctx.clock.now();
      const { figures, terminals } = await source.read(scope.orgId, branches, asOfMs);
      return kpiStatus({
        scope: request.query.scope,
        branchId: scope.kind === 'branch' ? scope.branchId : null,
        branches,
        terminals,
        seq: figures.reduce((sum, { seq }) => sum + seq, 0),
        asOfMs,
        isListening: (deviceId) => live.hub.isListening(deviceSubject(deviceId)),
      });
    },
  );
}
