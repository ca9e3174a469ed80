import type { z } from 'zod';
import { readWireError } from '#shared/contract/bridge.ts';
import { KpisAnswer, LoginAnswer, SetupAnswer, type SetupRequest } from '#shared/contract/cloud-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import type { DayFigures } from './expected.ts';

/** `POST /setup`: a new organisation with a branch and its owner. Throws AppError with the cloud's own words. */
export async function setUp(url: string, request: SetupRequest): Promise<SetupAnswer> {
  return ask(SetupAnswer, `${url}/setup`, { method: 'POST', body: request });
}

/** What the cloud's documented KPI API says of single days of a branch, asked as a manager who signs in. */
export class KpiReader {
  readonly #url: string;
  readonly #branchId: string;
  readonly #token: string;

  private constructor(url: string, branchId: string, token: string) {
    this.#url = url;
    this.#branchId = branchId;
    this.#token = token;
  }

  static async signIn(url: string, branchId: string, who: { email: string; password: string }): Promise<KpiReader> {
    const answer = await ask(LoginAnswer, `${url}/auth/login`, { method: 'POST', body: who });
    return new KpiReader(url, branchId, answer.accessToken);
  }

  async day(date: string): Promise<DayFigures & { monthMinor: number }> {
    const query = new URLSearchParams({ scope: 'branch', branchId: this.#branchId, date });
    const { kpis, orderCount } = await ask(KpisAnswer, `${this.#url}/kpis?${query}`, {
      method: 'GET',
      token: this.#token,
    });
    return {
      orders: orderCount,
      revenueMinor: kpis.salesToday,
      cashMinor: kpis.paymentsCash,
      momoMinor: kpis.paymentsMomo,
      monthMinor: kpis.salesMTD,
    };
  }
}

interface Ask {
  method: 'GET' | 'POST';
  body?: unknown;
  token?: string;
}

async function ask<S extends z.ZodType>(schema: S, url: string, { method, body, token }: Ask): Promise<z.output<S>> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) {
    const { code, message } = readWireError(wireErrorIn(text));
    throw new AppError(code, `${method} ${new URL(url).pathname}: ${message} (HTTP ${answer.status})`);
  }
  return schema.parse(JSON.parse(text));
}

function wireErrorIn(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : parsed;
  } catch {
    return undefined;
  }
}
