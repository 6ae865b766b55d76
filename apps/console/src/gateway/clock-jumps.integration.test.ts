import { createManualClock } from '@parapet/core';
import { expect, test } from 'vitest';
import { connectSensor, enrolSensor } from '../testing/fake-sensor.ts';
import { until } from '../testing/gateway-suite.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { startTestGateway } from '../testing/test-gateway.ts';

const hour = 3_600_000;

/** The time of day and the time that passes are two clocks here, as they are on a machine whose clock is set. */
const setUp = async () => {
  const stack = new AsyncDisposableStack();
  const wall = createManualClock(Date.now());
  const passing = createManualClock(1000);
  const database = stack.use(await createTestDatabase());
  const clock = { now: wall.now, monotonic: passing.now };
  const gateway = stack.use(await startTestGateway(database.db, { clock }));
  const enrolled = await enrolSensor(gateway, (await gateway.key()).secret);
  const sensor = await connectSensor(gateway, enrolled, { sentAt: wall.now(), startedAt: wall.now() });
  const row = () =>
    database.db
      .selectFrom('sensors')
      .select(['presence', 'last_seen_at', 'presence_since', 'refused_frames'])
      .where('host_id', '=', enrolled.answer.hostId)
      .executeTakeFirstOrThrow();
  const beat = async (): Promise<void> => {
    sensor.say('control', {
      kind: 'heartbeat',
      ...{ sentAt: wall.now(), rssBytes: 1, anonymousBytes: 1, cpuCores: 0, queued: 0, queueAgeMs: 0 },
      ...{ digest: '0'.repeat(16), position: { epoch: 0, seq: 0 } },
    });
    await until(async () => (await row()).last_seen_at?.getTime() === wall.now());
  };
  /** Resolves when the gateway has written what it was refused, which it does before it looks for silence. */
  const looked = async (): Promise<void> => {
    const before = (await row()).refused_frames;
    sensor.frame('control', 1, 1, [{ kind: 'again' }]);
    await until(async () => (await row()).refused_frames > before);
  };
  return { looked, stack, wall, passing, sensor, row, beat };
};

test('a clock that is set an hour forwards makes nobody silent', async () => {
  const { looked, stack, wall, passing, sensor, row, beat } = await setUp();
  await using _ = stack;
  await beat();
  wall.advance(hour);
  passing.advance(2000);
  // The second is after a whole look at who is silent.
  await looked();
  await looked();
  expect(await row()).toMatchObject({ presence: 'online' });
  expect(sensor.socket.readyState).toBe(sensor.socket.OPEN);
});

test('a clock that is set an hour backwards hides no silence', async () => {
  const { stack, wall, passing, row, beat } = await setUp();
  await using _ = stack;
  await beat();
  wall.advance(-hour);
  await beat();
  const lastWord = wall.now();
  wall.advance(31_000);
  passing.advance(31_000);
  await until(async () => (await row()).presence === 'unknown');
  expect((await row()).presence_since.getTime()).toBe(lastWord);
});
