import type { Position } from '@parapet/contract/wire';
import { describe, expect, it } from 'vitest';
import { createTelemetryIntake, type TelemetryIntake } from './telemetry-intake.ts';

const create = (at: Position = { epoch: 0, seq: 0 }, window = 4) => {
  const flows: { epoch: number; acked: number; limit: number }[] = [];
  const refused: string[] = [];
  const notes: string[] = [];
  const failures: unknown[] = [];
  const waiting: { store: () => void; fail: (error: Error) => void }[] = [];
  const state = { window };
  const intake = createTelemetryIntake(
    {
      append: () =>
        new Promise((resolve, reject) => {
          waiting.push({ store: resolve, fail: reject });
        }),
    },
    {
      hostId: 'host',
      skewMs: () => 0,
      note: (code) => notes.push(code),
      refuse: (_code, detail) => refused.push(detail),
      flow: ({ epoch, acked, limit }) => flows.push({ epoch, acked, limit }),
      window: () => state.window,
      onStored: () => {},
      onFailed: (error) => failures.push(error),
    },
    at,
  );
  intake.grant();
  const storeNext = async (): Promise<void> => {
    waiting.shift()?.store();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { intake, flows, refused, notes, failures, waiting, storeNext, state };
};

const send = (intake: TelemetryIntake, epoch: number, seq: number): void =>
  intake.onFrame(Buffer.from('x'), { channel: 'telemetry', epoch, seq, compressed: false }, 0);

describe('the telemetry intake', () => {
  it('acknowledges a frame only once it is on the disk', async () => {
    const { intake, flows, storeNext } = create();
    send(intake, 9, 1);
    expect(flows.at(-1)).toEqual({ epoch: 0, acked: 0, limit: 4 });
    await storeNext();
    expect(flows.at(-1)).toEqual({ epoch: 9, acked: 1, limit: 5 });
  });

  it('takes numbers that leap, and a new epoch, but nothing twice', async () => {
    const { intake, notes, waiting } = create({ epoch: 9, seq: 5 });
    for (const [epoch, seq] of [
      [9, 5],
      [9, 3],
      [8, 99],
    ] as const)
      send(intake, epoch, seq);
    expect(notes).toEqual(['replay', 'replay', 'replay']);
    for (const [epoch, seq] of [
      [9, 6],
      [9, 50],
      [10, 1],
    ] as const)
      send(intake, epoch, seq);
    expect(waiting.length).toBe(3);
  });

  it('refuses more than it allowed under way', () => {
    const { intake, refused } = create(undefined, 2);
    for (const seq of [1, 2, 3]) send(intake, 1, seq);
    expect(refused).toEqual(['credit']);
  });

  it('takes no more while there is no room, but still what was allowed', async () => {
    const { intake, flows, refused, storeNext, state } = create(undefined, 3);
    send(intake, 1, 1);
    state.window = 0;
    send(intake, 1, 2);
    await storeNext();
    expect(flows.at(-1)).toEqual({ epoch: 1, acked: 1, limit: 3 });
    send(intake, 1, 3);
    await storeNext();
    await storeNext();
    expect(flows.at(-1)).toEqual({ epoch: 1, acked: 3, limit: 3 });
    expect(refused).toEqual([]);
    send(intake, 1, 4);
    expect(refused).toEqual(['credit']);
  });

  it('says when nothing can be stored, and acknowledges nothing then', async () => {
    const { intake, flows, failures, waiting } = create();
    send(intake, 1, 1);
    waiting.shift()?.fail(new Error('disk'));
    await Promise.resolve();
    await Promise.resolve();
    expect(failures.length).toBe(1);
    expect(flows.length).toBe(1);
  });

  it('is silent once closed', async () => {
    const { intake, flows, storeNext } = create();
    send(intake, 1, 1);
    intake.close();
    await storeNext();
    expect(flows.length).toBe(1);
  });
});
