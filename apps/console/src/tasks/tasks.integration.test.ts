import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { bulkLimits, type Task } from '@parapet/contract/wire';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectSensor, type Enrolled, enrolSensor, type FakeSensor } from '../testing/fake-sensor.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import type { HostTaskState } from './task-dispatcher.ts';

let database: TestDatabase;
let gateway: TestGateway;
let enrolled: Enrolled;
const pending: Task[] = [];
let states: HostTaskState[] = [];
let documents: { hostId: string; taskId: string; text: string }[] = [];
let failing = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway(database.db, { taskStore: { pendingFor: async () => pending } });
  gateway.gateway.tasks.onState(async (state) => {
    states.push(state);
  });
  gateway.gateway.tasks.onSbom(async (hostId, taskId, document) => {
    if (failing > 0) {
      failing -= 1;
      throw new Error('The store is away.');
    }
    documents.push({ hostId, taskId, text: document.toString('utf8') });
  });
});
beforeEach(async () => {
  states = [];
  documents = [];
  pending.length = 0;
  enrolled = await enrolSensor(gateway, (await gateway.key()).secret);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const taskOf = (): Task => ({
  kind: 'task',
  taskId: randomUUID(),
  deadline: Date.now() + 60_000,
  work: { kind: 'sbom', target: { kind: 'host' } },
});

const grantOrders = (limit: number) => ({ kind: 'flow', channel: 'orders', epoch: 1, acked: 0, limit });

const connect = async (): Promise<FakeSensor & { readonly next: () => number }> => {
  const sensor = await connectSensor(gateway, enrolled);
  let seq = 1;
  return {
    ...sensor,
    next: () => {
      seq += 1;
      return seq;
    },
  };
};

/** A document and its transfer, cut into chunks. */
const transferOf = (text: string, taskId = randomUUID()) => {
  const compressed = zstdCompressSync(Buffer.from(text));
  const transferId = randomUUID();
  const chunks: object[] = [];
  for (let offset = 0; offset < compressed.length; offset += bulkLimits.chunkBytes) {
    const data = compressed.subarray(offset, offset + bulkLimits.chunkBytes).toString('base64');
    chunks.push({ kind: 'bulk-chunk', transferId, offset, data });
  }
  const sha256 = createHash('sha256').update(compressed).digest('hex');
  const begin = { kind: 'bulk-begin', transferId, taskId, content: 'sbom', sizeBytes: compressed.length, sha256 };
  return { begin, chunks, taskId, transferId, sizeBytes: compressed.length };
};

const incompressible = (bytes: number): string => randomBytes(Math.ceil(bytes / 2)).toString('hex');

test('tasks wait for the sensor’s credit; those that wait in the store go out on connecting', async () => {
  pending.push(taskOf());
  const sensor = await connect();
  const later = taskOf();
  gateway.gateway.tasks.send({ hostId: enrolled.answer.hostId, order: later });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(sensor.messages.some((message) => message.kind === 'task')).toBe(false);
  sensor.frame('control', 1, sensor.next(), [grantOrders(8)]);
  const got = [await sensor.expect('task'), await sensor.expect('task')].map((task) => task.taskId);
  expect(got.toSorted()).toEqual([pending[0]?.taskId, later.taskId].toSorted());
  gateway.gateway.tasks.cancel(enrolled.answer.hostId, later.taskId);
  expect((await sensor.expect('task-cancel')).taskId).toBe(later.taskId);
  sensor.terminate();
});

test('every state reaches the listeners; only an end is acknowledged', async () => {
  const sensor = await connect();
  const taskId = randomUUID();
  sensor.say('orders', { kind: 'task-state', taskId, state: 'running', progress: 0.5 });
  sensor.say('orders', { kind: 'task-state', taskId, state: 'failed', message: 'no' });
  expect((await sensor.expect('task-acked')).taskId).toBe(taskId);
  expect(states).toEqual([
    { hostId: enrolled.answer.hostId, taskId, state: 'running', progress: 0.5 },
    { hostId: enrolled.answer.hostId, taskId, state: 'failed', message: 'no' },
  ]);
  expect(sensor.messages.filter((message) => message.kind === 'task-acked')).toHaveLength(1);
  sensor.terminate();
});

test('a document comes in chunks, is checked, decompressed and handed on before it is complete', async () => {
  const sensor = await connect();
  const text = incompressible(300_000);
  const { begin, chunks, taskId, sizeBytes } = transferOf(text);
  sensor.say('bulk', begin);
  expect(await sensor.expect('bulk-state')).toMatchObject({ state: 'open', offset: 0 });
  for (const chunk of chunks) sensor.say('bulk', chunk);
  expect(await sensor.expect('bulk-state', (state) => state.state !== 'open')).toMatchObject({
    state: 'complete',
    offset: sizeBytes,
  });
  expect(documents).toEqual([{ hostId: enrolled.answer.hostId, taskId, text }]);
  sensor.terminate();
});

test('a transfer goes on where it was after the connection broke', async () => {
  const first = await connect();
  const text = incompressible(1_500_000);
  const { begin, chunks } = transferOf(text);
  first.say('bulk', begin);
  await first.expect('bulk-state');
  for (const chunk of chunks.slice(0, 14)) first.say('bulk', chunk);
  await first.expect('flow', (flow) => flow.channel === 'bulk' && flow.acked === 15);
  first.terminate();
  const second = await connect();
  second.say('bulk', begin);
  const { offset } = await second.expect('bulk-state');
  expect(offset).toBe(14 * bulkLimits.chunkBytes);
  let seq = 1;
  for (const chunk of chunks.slice(14)) {
    if (seq >= 16) await second.expect('flow', (flow) => flow.channel === 'bulk' && flow.limit > seq);
    second.say('bulk', chunk);
    seq += 1;
  }
  await second.expect('bulk-state', (state) => state.state === 'complete');
  expect(documents.map((document) => document.text === text)).toEqual([true]);
  second.terminate();
});

test('a wrong hash and content that does not decompress are rejected and nothing is handed on', async () => {
  const sensor = await connect();
  const { begin, chunks } = transferOf('small');
  sensor.say('bulk', { ...begin, sha256: '0'.repeat(64) });
  for (const chunk of chunks) sensor.say('bulk', chunk);
  await sensor.expect('bulk-state', (state) => state.state === 'rejected');
  const garbage = Buffer.from('this is not zstd');
  const transferId = randomUUID();
  const sha256 = createHash('sha256').update(garbage).digest('hex');
  sensor.say('bulk', { ...begin, transferId, sizeBytes: garbage.length, sha256 });
  sensor.say('bulk', { kind: 'bulk-chunk', transferId, offset: 0, data: garbage.toString('base64') });
  await sensor.expect('bulk-state', (state) => state.transferId === transferId && state.state === 'rejected');
  expect(documents).toEqual([]);
  sensor.terminate();
});

test('chunks that exceed the announced size end the connection', async () => {
  const sensor = await connect();
  const { begin } = transferOf('small');
  sensor.say('bulk', begin);
  sensor.say('bulk', {
    kind: 'bulk-chunk',
    transferId: begin.transferId,
    offset: 0,
    data: Buffer.alloc(999).toString('base64'),
  });
  expect((await sensor.expect('refused')).code).toBe('malformed');
});

test('more open transfers than allowed end the connection', async () => {
  const sensor = await connect();
  for (let at = 0; at <= bulkLimits.openTransfers; at += 1) sensor.say('bulk', transferOf(incompressible(100)).begin);
  expect((await sensor.expect('refused')).code).toBe('malformed');
});

test('a document that could not be handed on is handed on when it is announced again', async () => {
  failing = 1;
  const first = await connect();
  const { begin, chunks, taskId } = transferOf('kept');
  first.say('bulk', begin, ...chunks);
  expect(await first.closed).toBe(1013);
  const second = await connect();
  second.say('bulk', begin);
  await second.expect('bulk-state', (state) => state.state === 'complete');
  expect(documents).toEqual([{ hostId: enrolled.answer.hostId, taskId, text: 'kept' }]);
  second.terminate();
});
