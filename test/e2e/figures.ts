import { expect, type Page } from '@playwright/test';
import type { Kpis } from '#shared/domain/kpi.ts';

/** The figures of a Manager screen as it shows them now. */
export async function readKpis(page: Page): Promise<Kpis> {
  const values = page.locator('[data-kpi] [data-kpi-value][data-value]');
  await expect(values).toHaveCount(9);
  const found = await values.evaluateAll((elements) =>
    elements.map((element) => [
      element.closest('[data-kpi]')?.getAttribute('data-kpi'),
      Number(element.getAttribute('data-value')),
    ]),
  );
  return Object.fromEntries(found) as Kpis;
}

/** Waits until the figures have moved by exactly so much; every figure that is not named has not moved. */
export async function expectMoved(page: Page, before: Kpis, by: Partial<Kpis>, timeout = 10_000): Promise<void> {
  const wanted = Object.fromEntries(
    Object.entries(before).map(([name, value]) => [name, value + (by[name as keyof Kpis] ?? 0)]),
  );
  await expect.poll(() => readKpis(page), { timeout }).toEqual(wanted);
}
