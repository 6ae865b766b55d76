import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import type { TracedStart } from './trace-record.ts';
import { openTracepoints } from './tracepoints.ts';

const open = (bufferBytes: number) => {
  const starts: TracedStart[] = [];
  const opened = openTracepoints({
    onStart: (start) => starts.push(start),
    onUnreadable: () => {
      throw new Error('a record could not be read');
    },
    // Read by hand, so that nothing depends on when a timer runs.
    drainEveryMs: 3_600_000,
    bufferBytes,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return { starts, tracepoints: opened.value };
};

describeWith([root], 'programs at tracepoints', () => {
  it('tell who started what with all arguments, of processes that are over, and nothing of what failed', () => {
    // Room for whatever else the machine starts meanwhile.
    const { starts, tracepoints } = open(16 * 1024 * 1024);
    const folder = mkdtempSync(join(tmpdir(), 'traced-'));
    const script = join(folder, 'script');
    writeFileSync(script, '#!/bin/sh -e\nexit 0\n');
    chmodSync(script, 0o755);
    const argument = `${'é'.repeat(40)}\n\x1b[31m`;
    const run = (file: string, args: readonly string[], options: Parameters<typeof spawnSync>[2] = {}) =>
      spawnSync(file, args, options).pid;
    const shell = run('/bin/sh', ['-c', 'exit 3', argument, ''], { argv0: 'trace-test', uid: 65_534, gid: 65_533 });
    const bare = run('/bin/true', [], { env: {} });
    const long = run('/bin/true', ['a', 'b'.repeat(3000), 'c'.repeat(60_000)]);
    const chain = run('/usr/bin/env', ['-i', '/bin/true', 'after']);
    const scripted = run(script, ['given'], { cwd: folder });
    const failed = run('/usr/bin/env', ['-i', join(folder, 'nothing')]);
    const missing = spawnSync(join(folder, 'nothing')).error;
    rmSync(folder, { recursive: true });
    tracepoints.drain();
    const of = (pid: number | undefined): readonly TracedStart[] => starts.filter((start) => start.pid === pid);

    expect(of(shell)).toMatchObject([
      {
        comm: 'sh',
        uid: 65_534,
        gid: 65_533,
        filename: '/bin/sh',
        arguments: ['trace-test', '-c', 'exit 3', argument, ''],
      },
    ]);
    expect(of(bare)).toMatchObject([{ arguments: ['/bin/true'], argumentsBytes: 10, argumentsTotalBytes: 10 }]);
    const [cut] = of(long);
    expect(cut?.arguments?.slice(0, 3)).toEqual(['/bin/true', 'a', 'b'.repeat(3000)]);
    expect(cut?.arguments?.[3]).toMatch(/^c{1000,}$/);
    expect(cut?.argumentsBytes).toBe(4095);
    expect(cut?.argumentsTotalBytes).toBeGreaterThan(4095);
    expect(of(chain).map(({ arguments: args }) => args)).toEqual([
      ['/usr/bin/env', '-i', '/bin/true', 'after'],
      ['/bin/true', 'after'],
    ]);
    expect(of(scripted)).toMatchObject([{ filename: script, arguments: ['/bin/sh', '-e', script, 'given'] }]);
    expect(of(failed)).toHaveLength(1);
    expect(missing).toMatchObject({ code: 'ENOENT' });
    const times = starts.map(({ monotonicNs }) => monotonicNs);
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));

    tracepoints.close();
    const { produced, lost } = tracepoints.account();
    expect({ lost, produced }).toEqual({ lost: 0, produced: starts.length });
    spawnSync('/bin/true', ['later']);
    expect(tracepoints.account().produced).toBe(produced);
  });

  it('count what rings could not take while nobody read them', () => {
    const { starts, tracepoints } = open(1);
    // Each CPU has 64 KiB, which is less than 16 of these records: all together cannot take 20 for each.
    const all = cpus().length * 20;
    for (let started = 0; started < all; started += 1) spawnSync('/bin/true', [String(started), 'x'.repeat(8000)]);
    tracepoints.drain();
    tracepoints.close();
    const { produced, lost } = tracepoints.account();
    expect(produced).toBeGreaterThanOrEqual(all);
    expect(lost).toBeGreaterThan(0);
    expect(produced).toBe(starts.length + lost);
  });
});
