import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/kernel/errors.ts';
import { parseStartOptions } from '../../../scripts/start/start-options.ts';

const parse = (...args: string[]) => parseStartOptions(args, { XDG_DATA_HOME: '/home/somebody/data' });

function refusal(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('the options of npm start', () => {
  it('opens the app on 4600 and keeps its data in the home folder', () => {
    expect(parse()).toMatchObject({ port: 4600, isOpening: true, isFresh: false, isHelp: false });
    expect(parse().dataDir).toMatch(
      process.platform === 'linux' ? /^\/home\/somebody\/data\/chefcloud$/ : /ChefCloud$/,
    );
  });

  it('takes each of them', () => {
    expect(parse('--port', '5000', '--data', '/tmp/x', '--backups', '/mnt/y', '--no-open', '--fresh')).toEqual({
      port: 5000,
      backupsDir: '/mnt/y',
      dataDir: '/tmp/x',
      isOpening: false,
      isFresh: true,
      isHelp: false,
      isWatching: false,
    });
    expect(parse('--help').isHelp).toBe(true);
  });

  it('takes the second drive from the environment too, and none when there is none', () => {
    expect(parse().backupsDir).toBeUndefined();
    expect(parseStartOptions([], { CHEFCLOUD_BACKUPS: '/mnt/z' }).backupsDir).toBe('/mnt/z');
  });

  it.each(['0', '65535', '70000', 'many', '4600.5', ''])('refuses the port %j', (port) => {
    expect(refusal('--port', port)).toMatch(/^input\/invalid: --port takes a number/);
  });

  it('refuses what it does not know', () => {
    expect(refusal('--prot', '4600')).toMatch(/^input\/invalid: Unknown option '--prot'.*See --help\./);
    expect(refusal('extra')).toMatch(/^input\/invalid: .*See --help\./);
  });
});
