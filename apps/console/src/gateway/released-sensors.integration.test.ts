import type { LiveEvent } from '@parapet/contract/api';
import type { Task } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { type ReleasedFrames, readReleasedFrames } from '@parapet/testkit';
import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enrolSensor, type FakeSensor, openChannel } from '../testing/fake-sensor.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

/** Each released sensor's own bytes, said to the console of today. */
describe.each(readReleasedFrames())('a sensor of $version', (released) => {
  let database: TestDatabase;
  let gateway: TestGateway;
  let sensor: FakeSensor;
  let hostId: string;
  const states: string[] = [];
  const documents: unknown[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startTestGateway(database.db, {
      clock: createManualClock(released.sentAt),
      taskStore: { pendingFor: async () => [taskOf(released)] },
    });
    gateway.gateway.tasks.onState(async ({ taskId, state }) => {
      states.push(`${taskId} ${state}`);
    });
    gateway.gateway.tasks.onSbom(async (_host, _task, document) => {
      documents.push(JSON.parse(document.toString('utf8')));
    });
    const enrolled = await enrolSensor(gateway, (await gateway.key()).secret, {
      sensorVersion: released.version,
      evidence: { hostname: released.hostname },
    });
    hostId = enrolled.answer.hostId;
    sensor = await openChannel(gateway, {
      privateKeyPem: enrolled.privateKeyPem,
      certificatePem: enrolled.answer.certificatePem,
    });
  });
  afterAll(async () => {
    sensor?.terminate();
    await gateway?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  test('is heard out: nothing is refused, unknown or lost', async () => {
    for (const { channel, kinds, base64 } of released.sensor) {
      sensor.raw(Buffer.from(base64, 'base64'));
      // Both wait for one another, as the protocol wants it.
      if (kinds.includes('hello')) await sensor.expect('welcome');
      if (kinds.includes('snapshot-end')) await acknowledged(2);
      if (channel === 'bulk' && kinds.includes('bulk-begin')) await sensor.expect('bulk-state');
      if (channel === 'bulk' && kinds.includes('bulk-chunk')) {
        await sensor.expect('bulk-state', (state) => state.state === 'complete');
      }
    }
    await acknowledged(3);
    await sensor.expect('task-acked', (acked) => acked.taskId === released.taskId);
    await expect.poll(presence, { timeout: 60_000 }).toMatchObject({ presence: 'stopped', version: released.version });
    expect(sensor.messages.filter(({ kind }) => kind === 'refused' || kind === 'resync')).toEqual([]);
    const { refusedFrames, unknownMessages } = gateway.gateway.figures();
    expect({ refusedFrames, unknownMessages }).toEqual({ refusedFrames: 0, unknownMessages: 0 });
    expect(await count("from losses where collector = 'console'")).toBe(0);
    // Told once it is stored, so a moment later.
    const isTold = (event: LiveEvent): boolean => event.kind === 'sensors' && event.hostId === hostId;
    await expect.poll(() => gateway.live.some(isTold), { timeout: 60_000 }).toBe(true);
  });

  test('gets its tasks and has its answers taken', () => {
    expect(sensor.messages.filter(({ kind }) => kind === 'task')).toMatchObject([{ taskId: released.taskId }]);
    expect(states).toEqual(['accepted', 'running', 'done'].map((state) => `${released.taskId} ${state}`));
    expect(documents).toEqual([released.sbom]);
  });

  test('leaves its host as it told it', async () => {
    const { rows } = await sqlRows('select kind, name, status from assets order by kind, name');
    expect(rows).toEqual([
      { kind: 'container', name: 'web', status: 'stopped' },
      { kind: 'host', name: released.hostname, status: 'unknown' },
      { kind: 'image', name: 'shop/web:1.4', status: 'present' },
    ]);
    expect(await count('from processes where ended_at is not null and exit_code = 137')).toBe(1);
    expect(await count('from listeners')).toBe(2);
    expect(await count('from edges')).toBe(2);
    expect(await count("from collectors where state = 'degraded' and reason <> ''")).toBe(1);
    expect(await count("from losses where cause = 'overflow' and lost = 7")).toBe(1);
    expect(await count("from blind_intervals where collector = 'network'")).toBe(1);
  });

  const acknowledged = (seq: number): Promise<unknown> =>
    sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.epoch === 1 && flow.acked >= seq);
  const presence = () =>
    database.db.selectFrom('sensors').select(['presence', 'version']).where('host_id', '=', hostId).executeTakeFirst();
  const sqlRows = (text: string) => database.db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text));
  const count = async (from: string): Promise<number> =>
    Number((await sqlRows(`select count(*) as count ${from}`)).rows[0]?.['count']);
});

const taskOf = (released: ReleasedFrames): Task => ({
  kind: 'task',
  taskId: released.taskId,
  deadline: released.sentAt + 900_000,
  work: { kind: 'sbom', target: { kind: 'host' } },
});
