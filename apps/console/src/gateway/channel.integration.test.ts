import { digestText, encodeFrame, recordHash } from '@parapet/contract/wire';
import { describe, expect, test } from 'vitest';
import { createLookDesk } from '../forensics/look-port.ts';
import { connectSensor, helloOf, openChannel } from '../testing/fake-sensor.ts';
import { certificateOf, until, useGateway } from '../testing/gateway-suite.ts';
import { hostRecord, listenerRecord } from '../testing/records.ts';

const desk = createLookDesk();
const suite = useGateway({ looks: desk.port });

const begin = { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 };
const put = (record: object) => ({ kind: 'put', record });
const end = (records: number) => ({ kind: 'snapshot-end', records });

describe('the protocol', () => {
  test('a version that is not spoken here is refused for good', async () => {
    const sensor = await openChannel(suite.gateway(), certificateOf(await suite.enrol()));
    sensor.say('control', helloOf({ protocol: { current: 9, oldest: 8 } }));
    expect(await sensor.expect('refused')).toMatchObject({ code: 'protocol', final: true });
  });

  test('a newer sensor that still speaks ours is welcome, and unknown messages are counted', async () => {
    const sensor = await openChannel(suite.gateway(), certificateOf(await suite.enrol()));
    sensor.say('control', helloOf({ protocol: { current: 2, oldest: 1 } }));
    expect((await sensor.expect('welcome')).protocol).toBe(1);
    const before = suite.gateway().gateway.figures().unknownMessages;
    sensor.say('control', { kind: 'sing', song: 'la' });
    await until(() => suite.gateway().gateway.figures().unknownMessages === before + 1);
    sensor.frame('inventory', 1, 1, [begin, { kind: 'dance' }, end(0)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    expect(suite.gateway().gateway.figures().unknownMessages).toBe(before + 2);
    sensor.terminate();
  });

  test('a snapshot is stored and only then acknowledged', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    const first = await sensor.expect('flow', (flow) => flow.channel === 'inventory');
    expect(first.limit).toBeGreaterThan(0);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord({ hostname: 'stored' })), put(listenerRecord(80)), end(2)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.epoch === 1 && flow.acked === 1);
    expect(await suite.sensorRow(enrolled.answer.hostId)).toMatchObject({
      stream_epoch: 1,
      stream_seq: 1,
      presence: 'online',
    });
    sensor.terminate();
    const again = await openChannel(suite.gateway(), certificateOf(enrolled));
    again.say('control', helloOf());
    expect((await again.expect('welcome')).inventory).toEqual({ epoch: 1, seq: 1 });
    again.terminate();
  });

  test('a slow store grants nothing: a sensor is let no further than what waits to be stored', async () => {
    const enrolled = await suite.enrol();
    const { hostId } = enrolled.answer;
    const sensor = await connectSensor(suite.gateway(), enrolled);
    const { limit } = await sensor.expect('flow', (flow) => flow.channel === 'inventory');
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = suite
      .db()
      .transaction()
      .execute(async (trx) => {
        await trx.selectFrom('sensors').select('host_id').where('host_id', '=', hostId).forUpdate().execute();
        locked.resolve();
        await held.promise;
      });
    await locked.promise;
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord()), end(1)]);
    for (let seq = 2; seq <= limit; seq += 1) sensor.frame('inventory', 1, seq, [put(listenerRecord(seq))]);
    await until(() => suite.gateway().gateway.figures().queuedFrames > 0);
    const said = sensor.messages.filter((message) => message.kind === 'flow' && message.channel === 'inventory');
    expect(said).toHaveLength(1);
    held.resolve();
    await holding;
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === limit && flow.limit > limit);
    sensor.terminate();
  });

  test('a sensor that can look is asked and answers, an older one is not asked', async () => {
    const enrolled = await suite.enrol();
    const { hostId } = enrolled.answer;
    const sensor = await connectSensor(suite.gateway(), enrolled, { looks: true });
    const looked = desk.look(hostId, { kind: 'process', process: '5:7' });
    const { lookId, target } = await sensor.expect('look');
    expect(target).toEqual({ kind: 'process', process: '5:7' });
    const process = {
      ...{ id: '5:7', pid: 5, parentPid: 1, name: 'sh', state: 'S', executable: '/bin/sh', arguments: [], userId: 0 },
      ...{ capabilities: '', files: [], sockets: [], libraries: [], limits: [] },
    };
    sensor.say('control', { kind: 'look-answer', lookId, process }, { kind: 'look-answer', lookId, end: { left: 0 } });
    expect(await looked).toMatchObject({ processes: [{ pid: 5 }] });
    const broken = desk.look(hostId, { kind: 'process', process: '5:7' }).catch((error: Error) => error.message);
    await sensor.expect('look');
    sensor.terminate();
    expect(await broken).toContain('ended meanwhile');
    const older = await connectSensor(suite.gateway(), enrolled);
    await expect(desk.look(hostId, { kind: 'process', process: '5:7' })).rejects.toThrow('Upgrade it');
    older.terminate();
  });

  test('live events follow a commit', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord()), end(1)]);
    await until(() =>
      suite.gateway().live.some((event) => event.kind === 'map' && event.hostId === enrolled.answer.hostId),
    );
    sensor.terminate();
  });

  const faults: readonly (readonly [string, string, (sensor: Awaited<ReturnType<typeof connectSensor>>) => void])[] = [
    [
      'a broken checksum',
      'frame-checksum',
      (sensor) => {
        const data = encodeFrame({ channel: 'inventory', epoch: 1, seq: 1, body: Buffer.from(JSON.stringify(begin)) });
        data[30] = (data[30] ?? 0) ^ 1;
        sensor.raw(data);
      },
    ],
    ['another protocol', 'frame-magic', (sensor) => sensor.raw(Buffer.alloc(40, 1))],
    ['a text message', 'text-message', (sensor) => sensor.raw('hello')],
    ['a body that is not JSON', 'frame-json', (sensor) => sensor.frame('inventory', 1, 1, ['{"kind":'])],
    [
      'a body that does not decompress',
      'frame-compression',
      (sensor) => {
        const data = encodeFrame({ channel: 'inventory', epoch: 1, seq: 1, body: Buffer.from('{}') });
        data[3] = 1;
        sensor.raw(data);
      },
    ],
    ['a gap', 'out-of-order', (sensor) => sensor.frame('inventory', 0, 7, [end(0)])],
    [
      'a gap on control',
      'out-of-order',
      (sensor) => sensor.frame('control', 1, 9, [{ kind: 'goodbye', reason: 'stop' }]),
    ],
    [
      'more than was granted',
      'credit',
      (sensor) => {
        for (let seq = 1; seq <= 200; seq += 1)
          sensor.frame('inventory', 1, seq, seq === 1 ? [begin] : [put(listenerRecord(seq))]);
      },
    ],
    ['a second hello', 'second-hello', (sensor) => sensor.say('control', helloOf())],
    [
      'a known message of a wrong shape',
      'malformed-message',
      (sensor) => sensor.frame('control', 1, 2, [{ kind: 'goodbye', reason: 'whatever' }]),
    ],
  ];
  test.each(faults)('%s is refused, counted and audited', async (_name, code, act) => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    act(sensor);
    expect((await sensor.expect('refused')).final).toBe(false);
    await sensor.closed;
    const { hostId } = enrolled.answer;
    expect(suite.auditedCodes(hostId)).toContain(code);
    await until(async () => (await suite.sensorRow(hostId)).refused_frames > 0);
  });

  test('an oversized message ends the connection', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    sensor.raw(Buffer.alloc(70_000));
    expect(await sensor.closed).toBe(1009);
    await until(() => suite.auditedCodes(enrolled.answer.hostId).includes('frame-too-large'));
  });

  test('a frame before the welcome is refused', async () => {
    const sensor = await openChannel(suite.gateway(), certificateOf(await suite.enrol()));
    sensor.frame('inventory', 1, 1, [begin]);
    expect((await sensor.expect('refused')).code).toBe('malformed');
  });

  test('the same fault is audited once a minute and counted every time', async () => {
    const enrolled = await suite.enrol();
    const { hostId } = enrolled.answer;
    for (let times = 0; times < 3; times += 1) {
      const sensor = await connectSensor(suite.gateway(), enrolled);
      sensor.raw(Buffer.alloc(40, 1));
      await sensor.closed;
    }
    expect(suite.auditedCodes(hostId).filter((code) => code === 'frame-magic')).toHaveLength(1);
    await until(async () => (await suite.sensorRow(hostId)).refused_frames === 3);
  });

  test('a replayed frame is acknowledged again and changes nothing', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord()), end(1)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord({ hostname: 'other' })), end(1)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    sensor.frame('inventory', 1, 2, [put(listenerRecord(1))]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 2);
    const asset = await suite
      .db()
      .selectFrom('assets')
      .select('name')
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(asset?.name).toBe('box');
    sensor.terminate();
  });

  test('an epoch without a snapshot and an old epoch are answered by asking for one', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    sensor.frame('inventory', 4, 3, [put(hostRecord())]);
    await sensor.expect('resync');
    sensor.frame('inventory', 5, 1, [put(hostRecord())]);
    await sensor.expect('resync');
    sensor.frame('inventory', 6, 1, [begin, put(hostRecord()), end(1)]);
    await sensor.expect('flow', (flow) => flow.epoch === 6 && flow.acked === 1);
    sensor.frame('inventory', 3, 1, [begin]);
    await sensor.expect('resync');
    sensor.terminate();
  });

  test('a digest that differs asks for a snapshot; one that agrees is shown as in sync', async () => {
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    const record = hostRecord();
    sensor.frame('inventory', 1, 1, [begin, put(record), end(1)]);
    await sensor.expect('flow', (flow) => flow.epoch === 1 && flow.acked === 1);
    const heartbeat = {
      kind: 'heartbeat',
      sentAt: Date.now() + 60_000,
      rssBytes: 50,
      anonymousBytes: 20,
      cpuCores: 0.01,
      digest: digestText(recordHash('host', 'host', JSON.stringify(record))),
      position: { epoch: 1, seq: 1 },
      queued: 3,
      queueAgeMs: 5,
    };
    sensor.frame('control', 1, 2, [heartbeat]);
    await until(async () => (await suite.sensorRow(enrolled.answer.hostId)).in_sync === true);
    expect(await suite.sensorRow(enrolled.answer.hostId)).toMatchObject({ rss_bytes: 50, queued: 3 });
    expect((await suite.sensorRow(enrolled.answer.hostId)).skew_ms).toBeGreaterThan(50_000);
    sensor.frame('control', 1, 3, [{ ...heartbeat, digest: '0'.repeat(16) }]);
    await sensor.expect('resync');
    await until(async () => (await suite.sensorRow(enrolled.answer.hostId)).in_sync === false);
    sensor.terminate();
  });

  test('a newer living connection takes over; two that alternate are suspected and audited', async () => {
    const enrolled = await suite.enrol();
    const first = await connectSensor(suite.gateway(), enrolled);
    const second = await connectSensor(suite.gateway(), enrolled);
    expect(await first.expect('refused')).toMatchObject({ code: 'duplicate-connection', final: false });
    const third = await connectSensor(suite.gateway(), enrolled);
    await second.closed;
    const fourth = await openChannel(suite.gateway(), certificateOf(enrolled));
    fourth.say('control', helloOf());
    expect((await fourth.expect('refused')).code).toBe('duplicate-connection');
    expect(suite.gateway().audit.filter((entry) => entry.action === 'sensor.clone-suspected')).toHaveLength(1);
    third.terminate();
  });
});
