import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { describe, expect, it } from 'vitest';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createExecutableHashes } from './executable-hashes.ts';
import type { FileHash, StartedProgram } from './started-program.ts';

const program = (inode: number, changedNs = 1n): StartedProgram => ({
  process: probedProcess(inode, 'program'),
  exePath: `/bin/${inode}`,
  exe: { device: 1n, inode: BigInt(inode), mode: 0o755, links: 1, changedNs },
});
const newEvent = (): TelemetryEvent => ({ '@timestamp': 1, 'event.action': 'exec' });
const sha256 = 'a'.repeat(64);

/** Hashes that a test hands out one after another. */
const createScene = (limits: { readonly maxKnown?: number; readonly maxWaiting?: number } = {}) => {
  const asked: StartedProgram[] = [];
  const answers: ((found: FileHash) => void)[] = [];
  const hashes = createExecutableHashes({
    hash: (one) => {
      asked.push(one);
      return new Promise((resolve) => answers.push(resolve));
    },
    ...limits,
  });
  const start = (inode: number, changedNs?: bigint): TelemetryEvent => {
    const event = newEvent();
    hashes.begin(program(inode, changedNs), event);
    return event;
  };
  const answer = async (found: FileHash): Promise<void> => {
    answers.shift()?.(found);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { asked, hashes, start, answer };
};

describe('hashes of programs', () => {
  it('are worked out once for each state of a file', async () => {
    const { asked, hashes, start, answer } = createScene();
    const [first, second] = [start(1), start(1)];
    expect(hashes.complete(first, true)).toBe(false);
    await answer({ sha256 });
    const third = start(1);
    for (const event of [first, second, third]) {
      expect(hashes.complete(event, true)).toBe(true);
      expect(event['process.hash.sha256']).toBe(sha256);
    }
    start(1, 2n);
    expect(asked).toHaveLength(2);
  });

  it('hold nothing up: what is not known when an event leaves is said', async () => {
    const { hashes, start, answer } = createScene();
    const event = start(1);
    expect(hashes.complete(event, false)).toBe(true);
    expect(event['parapet.process.hash_absent']).toBe('late');
    await answer({ absent: 'gone' });
    const again = start(1);
    expect(hashes.complete(again, true)).toBe(false);
    await answer({ sha256 });
    expect(hashes.complete(again, true)).toBe(true);
    expect(again['process.hash.sha256']).toBe(sha256);
  });

  it('are read through the next process of the same program when the first is gone', async () => {
    const { asked, hashes, start, answer } = createScene();
    const [first, second] = [start(1), start(1)];
    await answer({ absent: 'gone' });
    expect(hashes.complete(first, true)).toBe(false);
    await answer({ sha256 });
    for (const event of [first, second]) {
      expect(hashes.complete(event, true)).toBe(true);
      expect(event['process.hash.sha256']).toBe(sha256);
    }
    expect(asked).toHaveLength(2);
  });

  it('of large files are not tried again', async () => {
    const { asked, hashes, start, answer } = createScene();
    start(1);
    await answer({ absent: 'large' });
    const event = start(1);
    expect(hashes.complete(event, true)).toBe(true);
    expect(event['parapet.process.hash_absent']).toBe('large');
    expect(asked).toHaveLength(1);
  });

  it('wait and are remembered only so many', async () => {
    const { asked, hashes, start, answer } = createScene({ maxKnown: 2, maxWaiting: 2 });
    const [, , third] = [start(1), start(2), start(3)];
    expect(third !== undefined && hashes.complete(third, true)).toBe(true);
    expect(third?.['parapet.process.hash_absent']).toBe('busy');
    await answer({ sha256 });
    await answer({ sha256 });
    start(4);
    await answer({ sha256 });
    start(1);
    expect(asked.map(({ exe }) => exe.inode)).toEqual([1n, 2n, 4n, 1n]);
  });

  it('are of programs only', () => {
    const event = newEvent();
    expect(createScene().hashes.complete(event, true)).toBe(true);
    expect(event).toEqual(newEvent());
  });
});
