import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, goTo, signIn, test } from './fixtures.ts';

/** What axe finds that keeps somebody from working: names the rule and the first element. */
async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious on any screen, ${colorScheme}`, async ({ app, restaurant }) => {
    const page = await app.open('Office');
    await page.emulateMedia({ colorScheme });
    await expect(page.getByRole('heading', { name: 'Who is it?' })).toBeVisible();
    expect(['Sign-in', await seriousFindings(page)]).toEqual(['Sign-in', []]);
    await signIn(page, restaurant, 'L4');
    for (const screen of ['Till', 'Kitchen', 'Shifts', 'Manager', 'Stock', 'Sync']) {
      await goTo(page, screen);
      expect([screen, await seriousFindings(page)]).toEqual([screen, []]);
    }
  });
}
