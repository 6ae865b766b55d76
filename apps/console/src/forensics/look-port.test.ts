import type { Look, LookedProcess } from '@parapet/contract/wire';
import { describe, expect, test } from 'vitest';
import { createLookDesk } from './look-port.ts';

const target = { kind: 'process', process: '5:7' } as const;
const aProcess = (pid: number): LookedProcess => ({
  ...{ id: `${pid}:7`, pid, parentPid: 1, name: 'sh', state: 'S', executable: '/bin/sh', arguments: [], userId: 0 },
  ...{ capabilities: '', files: [], sockets: [], libraries: [], limits: [] },
});
const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'answered',
    (error: { code?: string }) => error.code,
  );

describe('a look', () => {
  test('brings what the sensor saw, process by process', async () => {
    const desk = createLookDesk();
    const asked: Look[] = [];
    const link = desk.port.attach('h', (look) => asked.push(look));
    const looked = desk.look('h', target);
    const lookId = asked[0]?.lookId ?? '';
    link.heard({ kind: 'look-answer', lookId, process: aProcess(5) });
    // Of a look that nobody asked for.
    link.heard({ kind: 'look-answer', lookId: 'another', process: aProcess(6), end: { left: 0 } });
    link.heard({ kind: 'look-answer', lookId, process: aProcess(7) });
    link.heard({ kind: 'look-answer', lookId, end: { left: 3 } });
    expect(await looked).toMatchObject({ processes: [{ pid: 5 }, { pid: 7 }], left: 3 });
  });

  test('of a sensor that is away, too old, busy, gone meanwhile or silent is refused in words', async () => {
    const desk = createLookDesk({ patienceMs: 1 });
    expect(await codeOf(desk.look('h', target))).toBe('not-connected');
    desk.port.attach('old', undefined);
    expect(await codeOf(desk.look('old', target))).toBe('too-old');
    const link = desk.port.attach('h', () => {});
    const first = codeOf(desk.look('h', target));
    expect(await codeOf(desk.look('h', target))).toBe('busy');
    link.detach();
    expect(await first).toBe('broken-off');
    desk.port.attach('h', () => {});
    expect(await codeOf(desk.look('h', target))).toBe('no-answer');
  });

  test('of what is not there any more says so in the sensor’s words', async () => {
    const desk = createLookDesk();
    const link = desk.port.attach('h', ({ lookId }) =>
      queueMicrotask(() =>
        link.heard({ kind: 'look-answer', lookId, end: { left: 0, problem: 'This process has ended.' } }),
      ),
    );
    await expect(desk.look('h', target)).rejects.toThrow('This process has ended.');
  });

  test('is answered by the connection that was asked, and by no other host', async () => {
    const desk = createLookDesk();
    const asked: Look[] = [];
    const link = desk.port.attach('h', (look) => asked.push(look));
    const stranger = desk.port.attach('x', () => {});
    const looked = desk.look('h', target);
    const lookId = asked[0]?.lookId ?? '';
    stranger.heard({ kind: 'look-answer', lookId, process: aProcess(6), end: { left: 0 } });
    link.heard({ kind: 'look-answer', lookId, process: aProcess(5), end: { left: 0 } });
    expect(await looked).toMatchObject({ processes: [{ pid: 5 }] });
  });
});
