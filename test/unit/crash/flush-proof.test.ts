import { describe, expect, test } from 'vitest';
import { provePostgresFlushes } from '../../../scripts/crash/postgres-flush.ts';
import { parseLine, type SystemCall } from '../../../scripts/crash/strace.ts';
import { proveTillFlushes } from '../../../scripts/crash/till-flush.ts';

/** Lines of a trace, one a millisecond, each taking half of one. */
function traced(lines: readonly string[], pid = 7): SystemCall[] {
  return lines.map((line, index) => {
    const call = parseLine(`${(1_000 + index / 1_000).toFixed(6)} ${line} <0.000500>`, pid);
    if (call === undefined) throw new Error(`not a line of a trace: ${line}`);
    return call;
  });
}

describe('a line of a trace', () => {
  test('is read with its file, its bytes and its times', () => {
    const line =
      '1795384510.592344 pwrite64(20</tmp/a b/x.db-wal>, "\\0\\15a\\"\\n\\3771", 4096, 32) = 4096 <0.000250>';
    const call = parseLine(line, 7);
    expect(call).toMatchObject({ pid: 7, name: 'pwrite64', file: '/tmp/a b/x.db-wal', startS: 1_795_384_510.592344 });
    expect([...(call?.bytes ?? [])]).toEqual([0, 13, 97, 34, 10, 255, 49]);
    expect(call?.endS).toBeCloseTo(1_795_384_510.592594, 6);
  });
  test('that failed, was never finished or is no call at all is left out', () => {
    expect(parseLine('1.5 fdatasync(3</x>) = -1 EIO (Input/output error) <0.1>', 7)).toBeUndefined();
    expect(parseLine('1.5 fdatasync(3</x>) = ? ERESTARTSYS <0.1>', 7)).toBeUndefined();
    expect(parseLine('1.5 fdatasync(3</x> <unfinished ...>', 7)).toBeUndefined();
    expect(parseLine('1.5 +++ killed by SIGKILL +++', 7)).toBeUndefined();
  });
});

describe('the flush proof of a till', () => {
  const LOG = '/till/terminal.db-wal';
  const folder = 'fsync(21</till>) = 0';
  const write = `pwrite64(20<${LOG}>, "x", 4096, 32) = 4096`;
  const flush = `fdatasync(20<${LOG}>) = 0`;
  const other = 'fdatasync(22</till/terminal.db>) = 0';
  const confirm = 'write(3<UNIX-STREAM:[1]>, "{\\"said\\":\\"confirmed\\",\\"n\\":4}\\n", 28) = 28';
  const prove = (...lines: string[]) => proveTillFlushes(traced([folder, ...lines]), LOG);

  test('holds when each confirmation comes after a flush of all that was written', () => {
    const proof = prove(write, write, flush, confirm, write, flush, confirm);
    expect(proof).toEqual({ proven: 2, flushes: 2, problems: [] });
  });
  test.each([
    ['no flush at all', [write, confirm], /1 writes .* not flushed/],
    ['a flush before the last write', [write, flush, write, confirm], /1 writes .* not flushed/],
    ['a flush of another file', [write, other, confirm], /1 writes .* not flushed/],
    ['a flush after the confirmation', [write, confirm, flush], /1 writes .* not flushed/],
    ['nothing written', [write, flush, confirm, confirm], /nothing was written/],
  ])('does not hold with %s', (_what, lines, words) => {
    const { problems } = prove(...lines);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(words);
    expect(problems[0]).toContain('"n":4');
  });
  test('does not hold when the new file itself may vanish from its folder', () => {
    expect(proveTillFlushes(traced([write, flush, confirm]), LOG).problems[0]).toMatch(/entry .* never flushed/);
  });
});

describe('the flush proof of PostgreSQL', () => {
  const LOG = '/pg/data/pg_wal/000000010000000000000001';
  const insert = 'recvfrom(9<socket:[5]>, "B\\0\\0\\0\\30...01COMMAND...", 8192, 0, NULL, NULL) = 24';
  const inserted = 'sendto(9<socket:[5]>, "C\\0\\0\\0\\17INSERT 0 1\\0Z\\0\\0\\0\\5T", 21, 0, NULL, 0) = 21';
  const commit = 'recvfrom(9<socket:[5]>, "Q\\0\\0\\0\\13commit\\0", 8192, 0, NULL, NULL) = 12';
  const write = `pwrite64(5<${LOG}>, "x", 8192, 0) = 8192`;
  const flush = `fdatasync(5<${LOG}>) = 0`;
  const answer = 'sendto(9<socket:[5]>, "C\\0\\0\\0\\vCOMMIT\\0Z\\0\\0\\0\\5I", 18, 0, NULL, 0) = 18';
  const prove = (...lines: string[]) =>
    provePostgresFlushes(traced([insert, inserted, ...lines]), [{ id: '01COMMAND', atS: 1_001 }]);

  test('holds when the log is written and flushed between the commit and its answer', () => {
    expect(prove(commit, write, flush, answer)).toEqual({ proven: 1, flushes: 1, problems: [] });
  });
  test('holds when another process flushed for several', () => {
    const calls = traced([insert, inserted, commit, 'write(1</dev/null>, "", 0) = 0', write, flush, answer]);
    const shared = calls.map((call) => (call.file === LOG ? { ...call, pid: 8 } : call));
    expect(provePostgresFlushes(shared, [{ id: '01COMMAND', atS: 1_001 }]).problems).toEqual([]);
  });
  test.each([
    ['no flush', [commit, write, answer]],
    ['a flush of what came before the commit only', [write, flush, commit, answer]],
    ['a flush that began before the write', [commit, flush, write, answer]],
    ['a flush after the answer', [commit, write, answer, flush]],
    ['a flush of another file of the log', [commit, write, flush.replace('1>', '2>'), answer]],
  ])('does not hold with %s', (_what, lines) => {
    expect(prove(...lines).problems).toEqual([expect.stringMatching(/01COMMAND was answered without a flush/)]);
  });
  test('does not hold when the terminal was told before anything was committed', () => {
    const problem = /01COMMAND was acknowledged, but no transaction/;
    expect(prove(commit, write, flush).problems).toEqual([expect.stringMatching(problem)]);
    const early = traced([insert, inserted, commit, write, flush, answer]);
    expect(provePostgresFlushes(early, [{ id: '01COMMAND', atS: 1_000 }]).problems).toEqual([
      expect.stringMatching(problem),
    ]);
  });
});
