import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, brief, edge, edgesOf, hostAt, minute, newZone, t0, to, withAddress } from '../../testing/edge-scenes.ts';
import { playHost } from '../../testing/played-host.ts';
import { containerRecord, network } from '../../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { sweepUnresolved } from './sweep.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describe('late knowledge', () => {
  test('a stranger’s address becomes the host that appears there, with its history, as one edge', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2'), connections: 5 })], at(1));
    expect(brief(await edgesOf(database.db, zone))).toEqual([`a -> peer:${zone}|10.0.0.2:80`]);
    const b = await playHost(database.db, { zone, name: 'b', nowMs: t0 });
    await b.snapshot([{ ...withAddress('10.0.0.2'), hostname: 'b' }], at(10));
    expect(await edgesOf(database.db, zone)).toMatchObject([
      { source: 'a', target: 'b', connections: 5, spans: '0-', ended: false },
    ]);
  });

  test('a report that was left with a stranger is placed by the next sweep', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    const b = await playHost(database.db, { zone, name: 'b', nowMs: t0 });
    await sql`insert into node_addresses (host_id, zone, address, node, is_local)
      values (${b.id}, ${zone}, '10.0.0.2', ${`host:${b.id}`}, false)`.execute(database.db);
    expect((await sweepUnresolved(database.db, t0 + 2 * minute)).flatMap((change) => change.kinds)).toEqual(['edge']);
    expect(await edgesOf(database.db, zone)).toMatchObject([{ source: 'a', target: 'b', spans: '0-', ended: false }]);
    expect(await sweepUnresolved(database.db, t0 + 3 * minute)).toEqual([]);
  });

  test('a container whose record comes after its edge', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('out', { containerKey: 'docker:late', peer: to('10.9.9.9') })], at(1));
    expect(brief(await edgesOf(database.db, zone))).toEqual([`a -> peer:${zone}|10.9.9.9:80`]);
    await a.send([containerRecord('docker:late')], at(2));
    expect(brief(await edgesOf(database.db, zone))).toEqual([`docker:late -> peer:${zone}|10.9.9.9:80`]);
  });

  test('an address that another container takes over ends the one edge and begins another', async () => {
    const zone = newZone();
    const first = containerRecord('docker:v1', { networks: [network('172.17.0.5')] });
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [containerRecord('docker:app'), first]);
    await a.send([edge('x', { containerKey: 'docker:app', peer: to('172.17.0.5') })], at(1));
    await a.send(
      [
        { ...first, state: 'removed', endedAt: t0 + 3 * minute },
        containerRecord('docker:v2', { networks: [network('172.17.0.5')] }),
      ],
      at(3),
    );
    expect((await edgesOf(database.db, zone)).map((row) => [row.target, row.ended, row.spans])).toEqual([
      ['docker:v1', true, '0-3'],
      ['docker:v2', false, '3-'],
    ]);
  });

  test('an edge that ended keeps its far end, whoever has the address later', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await a.send([edge('out', { peer: to('10.0.0.2'), endedAt: t0 + minute, lastSeenAt: t0 + minute })], at(2));
    await hostAt(database.db, zone, 'b', '10.0.0.2');
    expect(brief(await edgesOf(database.db, zone))).toEqual([`a -> peer:${zone}|10.0.0.2:80 ended`]);
  });
});

describe('presence over time', () => {
  test('an absence under five minutes does not split a span, a longer one does', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    const span = (from: number, until?: number) =>
      edge('x', {
        peer: to('10.0.0.7'),
        startedAt: t0 + from * minute,
        lastSeenAt: t0 + (until ?? from) * minute,
        ...(until === undefined ? {} : { endedAt: t0 + until * minute }),
      });
    await a.send([span(1)], at(1));
    await a.send([span(1, 4)], at(9));
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ spans: '1-4', ended: true });
    await a.send([span(8)], at(9));
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ spans: '1-', ended: false });
    await a.send([span(8, 10)], at(15));
    await a.send([span(16)], at(16));
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ spans: '1-10 16-', ended: false });
  });

  test('an edge of a container that was gone before it was found is told over at first, and kept', async () => {
    const zone = newZone();
    const short = containerRecord('docker:short');
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [short]);
    await a.send([{ ...short, state: 'removed', endedAt: t0 + minute }], at(1));
    await a.send(
      [
        edge('x', {
          ...{ containerKey: 'docker:short', peer: to('10.9.9.9'), connections: 1 },
          ...{ startedAt: t0 + 2 * minute, lastSeenAt: t0 + 2 * minute, endedAt: t0 + 2 * minute },
        }),
      ],
      at(2),
    );
    expect(brief(await edgesOf(database.db, zone))).toEqual([`docker:short -> peer:${zone}|10.9.9.9:80 ended`]);
    expect(await edgesOf(database.db, zone)).toMatchObject([{ connections: 1, spans: '2-2', ended: true }]);
  });

  test('an edge lasts while either end sees it', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1') })], at(1));
    await a.send([edge('out', { peer: to('10.0.0.2'), endedAt: t0 + 2 * minute, lastSeenAt: t0 + 2 * minute })], at(7));
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ ended: false, spans: '0-' });
    await b.send(
      [edge('in', { direction: 'in', peer: to('10.0.0.1'), endedAt: t0 + 3 * minute, lastSeenAt: t0 + 3 * minute })],
      at(8),
    );
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ ended: true, spans: '0-3' });
  });

  test('what a snapshot does not name ended when it was last seen', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('x', { peer: to('10.0.0.7'), lastSeenAt: t0 + 2 * minute })], at(2));
    await a.snapshot([withAddress('10.0.0.1')], at(30));
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ ended: true, spans: '0-2' });
  });

  test('counts go on when a sensor starts anew and counts from zero', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await a.send([edge('x', { peer: to('10.0.0.7'), connections: 10 })], at(1));
    await a.send([edge('x', { peer: to('10.0.0.7'), connections: 12 })], at(2));
    await a.snapshot(
      [withAddress('10.0.0.1'), edge('x', { peer: to('10.0.0.7'), connections: 3, startedAt: t0 + 3 * minute })],
      at(4),
    );
    expect((await edgesOf(database.db, zone))[0]).toMatchObject({ connections: 15, spans: '0-' });
  });
});
