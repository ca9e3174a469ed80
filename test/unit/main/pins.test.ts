import { describe, expect, test } from 'vitest';
import type { Level } from '#shared/domain/level.ts';
import { pinOf } from '../../helpers/cloud-double.ts';
import { TestTerminal } from '../../helpers/test-terminal.ts';
import { staffOf } from '../../helpers/world.ts';

const MINUTE = 60_000;

function screenOf(till: TestTerminal) {
  const screen = till.terminal.openScreen({ onEvent: () => {} });
  const signIn = (level: Level, pin = pinOf(level)) =>
    till.terminal.handleCall(screen, 'session:signIn', { staffId: staffOf(level).id, pin }).then(
      () => 'in',
      (error: { code: string }) => error.code,
    );
  return { screen, signIn };
}

async function wrong(
  signIn: (level: Level, pin: string) => Promise<string>,
  level: Level,
  times: number,
): Promise<string[]> {
  const codes: string[] = [];
  for (let i = 0; i < times; i += 1) codes.push(await signIn(level, '9999'));
  return codes;
}

describe('PINs on a terminal', () => {
  test('the right one signs in without any network', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    till.cloud.isDown = true;
    const { screen, signIn } = screenOf(till);
    expect(await signIn('L2')).toBe('in');
    expect(screen.session).toEqual({ staffId: 'staff-L2', name: 'Person L2', level: 'L2' });
  });

  test('five wrong lock one person for a minute, then two, then four; others are not locked', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { signIn } = screenOf(till);
    const fiveWrong = ['auth/wrong-pin', 'auth/wrong-pin', 'auth/wrong-pin', 'auth/wrong-pin', 'auth/locked'];
    for (const minutes of [1, 2, 4]) {
      expect(await wrong(signIn, 'L2', 5)).toEqual(fiveWrong);
      till.clock.advance(minutes * MINUTE - 1);
      // The right PIN does not help while it lasts.
      expect(await signIn('L2')).toBe('auth/locked');
      expect(await signIn('L1')).toBe('in');
      till.clock.advance(1);
    }
    expect(await signIn('L2')).toBe('in');
    // The right one clears all: it starts at a minute again.
    expect(await wrong(signIn, 'L2', 5)).toEqual(fiveWrong);
    till.clock.advance(MINUTE);
    expect(await signIn('L2')).toBe('in');
  });

  test('the fifth try may be right', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { signIn } = screenOf(till);
    await wrong(signIn, 'L2', 4);
    expect(await signIn('L2')).toBe('in');
    expect(await signIn('L2')).toBe('in');
  });

  test('tries at the same time count each', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const screens = Array.from({ length: 8 }, () => screenOf(till));
    const codes = await Promise.all(screens.map(({ signIn }) => signIn('L2', '9999')));
    expect(codes.filter((code) => code === 'auth/wrong-pin')).toHaveLength(4);
    expect(codes.filter((code) => code === 'auth/locked')).toHaveLength(4);
  });

  test('a lock survives a restart, and so does the number of tries', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    await wrong(screenOf(till).signIn, 'L2', 3);
    await till.reopen(false);
    expect(await wrong(screenOf(till).signIn, 'L2', 2)).toEqual(['auth/wrong-pin', 'auth/locked']);
    await till.reopen(false);
    expect(await screenOf(till).signIn('L2')).toBe('auth/locked');
    expect(till.terminal.info().staff.find(({ id }) => id === 'staff-L2')?.lockedUntilAt).toBe(
      '2026-03-02T12:01:00.000Z',
    );
  });

  test('a supervisor lifts a lock, nobody below', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { screen, signIn } = screenOf(till);
    await wrong(signIn, 'L1', 5);
    const lift = () => till.terminal.handleCall(screen, 'staff:liftLock', { staffId: 'staff-L1' });
    await signIn('L2');
    await expect(lift()).rejects.toMatchObject({ code: 'auth/forbidden' });
    await signIn('L3');
    await lift();
    expect(await signIn('L1')).toBe('in');
  });

  test('a new PIN is hashed here, works at once, and travels only as a hash', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { screen, signIn } = screenOf(till);
    await signIn('L4');
    const set = (staffId: string, pin: string) => till.terminal.handleCall(screen, 'staff:setPin', { staffId, pin });
    await set('staff-L2', '4711');
    await expect(set('staff-L4', '4711')).rejects.toMatchObject({ code: 'input/invalid', path: 'pin' });
    await expect(set('staff-L5', '471147')).rejects.toMatchObject({ code: 'staff/level-too-high' });
    await expect(set('nobody', '4711')).rejects.toMatchObject({ code: 'staff/not-found' });
    expect(await signIn('L2', '4711')).toBe('in');
    expect(await signIn('L2', pinOf('L2'))).toBe('auth/wrong-pin');
    expect(till.terminal.find('pin', 'staff-L2')?.pinHash).toMatch(/^\$argon2id\$/);
    await till.terminal.start();
    await till.pass(10_000);
    const bodies = till.cloud.pushed().map((entry) => entry.body);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).not.toContain('4711"');
    expect(till.cloud.find('pin', 'staff-L2')).toEqual(till.terminal.find('pin', 'staff-L2'));
  });

  test('a hash made with another secret does not open: a stolen database is useless', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const { hashSync } = await import('@node-rs/argon2');
    const pinHash = hashSync('4711', { secret: Buffer.alloc(32, 8) });
    till.run('staff.setPin', { staffId: 'staff-L2', pinHash });
    expect(await screenOf(till).signIn('L2', '4711')).toBe('auth/wrong-pin');
  });

  test('who was switched off is signed out at once and does not come in again', async () => {
    const till = await TestTerminal.create({ isOffline: true });
    const events: unknown[] = [];
    const screen = till.terminal.openScreen({
      onEvent: (name, payload) => name === 'session:changed' && events.push(payload),
    });
    await till.terminal.handleCall(screen, 'session:signIn', { staffId: 'staff-L2', pin: pinOf('L2') });
    till.run('staff.save', {
      staffId: 'staff-L2',
      name: 'Person L2',
      level: 'L2',
      branchIds: ['branch1'],
      isActive: false,
    });
    expect(screen.session).toBeNull();
    expect(events.at(-1)).toEqual({ session: null });
    expect(await screenOf(till).signIn('L2')).toBe('auth/wrong-pin');
    expect(till.terminal.info().staff.map(({ id }) => id)).not.toContain('staff-L2');
  });
});
