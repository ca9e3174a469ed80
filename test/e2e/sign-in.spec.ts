import { expect, signIn, test, typePin } from './fixtures.ts';

const JOSEPH = 'Joseph Mugisha';

test('five wrong PINs lock a person out, on this terminal, for a minute; nobody else', async ({ app, restaurant }) => {
  const page = await app.open('Kitchen');
  for (let tries = 1; tries <= 5; tries += 1) {
    await typePin(page, JOSEPH, '9999');
    if (tries < 5) await expect(page.getByRole('alert')).toHaveText(/This PIN is wrong/);
  }
  await expect(page.getByRole('alert')).toHaveText(/Locked after too many wrong PINs/);
  await page.getByRole('button', { name: 'Somebody else' }).click();
  await expect(page.getByRole('button', { name: new RegExp(`${JOSEPH}.*locked`) })).toBeVisible();
  await signIn(page, restaurant, 'L3');
  // A refusal is an HTTP status on the hub, and Chromium notes that; nothing else may be there.
  expect(app.takeComplaints().filter((line) => !/status of (401|423)/.test(line))).toEqual([]);
});

test('each level sees its own screens', async ({ app, restaurant }) => {
  const wanted = {
    L1: ['Kitchen'],
    L2: ['Till', 'Kitchen', 'Shifts', 'Sync'],
    L3: ['Till', 'Kitchen', 'Shifts', 'Stock', 'Sync'],
    L4: ['Till', 'Kitchen', 'Shifts', 'Manager', 'Stock', 'Sync'],
  } as const;
  const page = await app.open('Office');
  for (const level of ['L1', 'L2', 'L3', 'L4'] as const) {
    await signIn(page, restaurant, level);
    await expect(page.getByRole('navigation', { name: 'Screens' }).getByRole('button')).toHaveText(wanted[level]);
    await page.getByRole('button', { name: /^Lock the screen/ }).click();
    await expect(page.getByRole('heading', { name: 'Who is it?' })).toBeVisible();
  }
});

test('an address does not open a screen that a level may not see', async ({ app }) => {
  const page = await app.as('L1', 'Kitchen');
  await page.evaluate(() => (location.hash = '#/manager'));
  await expect(page.getByRole('navigation', { name: 'Screens' })).toBeVisible();
  await expect(page.getByText('Sales today')).toHaveCount(0);
});
