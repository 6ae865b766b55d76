import type { EdgeRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PlayedHost, playHost } from '../../testing/played-host.ts';
import { containerRecord, edgeRecord, hostRecord, listenerRecord, network } from '../../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { sweepUnresolved } from './sweep.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const t0 = Date.UTC(2026, 5, 1);
const minute = 60_000;
const at = (minutes: number) => ({ nowMs: t0 + minutes * minute });
let zones = 0;
/** Tests share a database; zones keep them apart. */
const newZone = (): string => {
  zones += 1;
  return `zone-${zones}`;
};

const withAddress = (address: string, device = 'eth0') =>
  hostRecord({
    addresses: [
      { address, prefixLength: 24, device },
      { address: '172.17.0.1', prefixLength: 16, device: 'docker0' },
    ],
  });

const edge = (key: string, part: Partial<EdgeRecord> = {}): EdgeRecord =>
  edgeRecord(key, { startedAt: t0, lastSeenAt: t0, serverPort: 80, ...part });
const to = (address: string) => ({ kind: 'address' as const, address });

type Shown = {
  source: string;
  source_process: string;
  target: string;
  target_process: string;
  port: number;
  published_port: number | null;
  by_source: boolean;
  by_target: boolean;
  ended: boolean;
  connections: number;
  spans: string;
};

/** The edges that touch any of the hosts' assets or the zone, with nodes by name and spans in minutes. */
const edgesOf = async (zone: string): Promise<Shown[]> => {
  const { rows } = await sql<Shown>`
    with named as (
      select case kind when 'host' then 'host:' || id else 'container:' || id end as node,
        case kind when 'host' then name else key end as name, zone from assets)
    select coalesce(s.name, e.source_node) as source, e.source_process, coalesce(t.name, e.target_node) as target,
      e.target_process, e.port, e.published_port, e.reported_by_source as by_source, e.reported_by_target as by_target,
      e.ended_at is not null as ended, e.connections,
      (select string_agg(concat(extract(epoch from i.started_at - ${new Date(t0)}) / 60, '-',
          extract(epoch from i.ended_at - ${new Date(t0)}) / 60), ' ' order by i.started_at)
        from edge_intervals i where i.edge_id = e.id) as spans
    from edges e left join named s on s.node = e.source_node left join named t on t.node = e.target_node
    where s.zone = ${zone} or t.zone = ${zone}
    order by source, target, e.port, e.source_process, e.target_process`.execute(database.db);
  return rows.map((row) => ({
    ...row,
    spans: row.spans.replaceAll('.00000000000000000000', '').replaceAll('.0000000000000000', ''),
  }));
};

const brief = (rows: readonly Shown[]): string[] =>
  rows.map((row) => `${row.source} -> ${row.target}:${row.port}${row.ended ? ' ended' : ''}`);

const hostAt = async (
  zone: string,
  name: string,
  address: string,
  records: Parameters<PlayedHost['snapshot']>[0] = [],
) => {
  const host = await playHost(database.db, { zone, name, nowMs: t0 });
  await host.snapshot([{ ...withAddress(address), hostname: name }, ...records], at(0));
  return host;
};

describe('both ends of an edge', () => {
  test('two hosts tell of one edge, whoever speaks first; each end’s program is known', async () => {
    for (const order of ['source first', 'target first']) {
      const zone = newZone();
      const a = await hostAt(zone, 'a', '10.0.0.1');
      const b = await hostAt(zone, 'b', '10.0.0.2');
      const out = () =>
        a.send(
          [
            edge('out', {
              peer: to('10.0.0.2'),
              executable: '/bin/curl',
              connections: 3,
              bytesSent: 10,
              bytesReceived: 70,
            }),
          ],
          at(1),
        );
      const inn = () =>
        b.send(
          [
            edge('in', {
              direction: 'in',
              peer: to('10.0.0.1'),
              executable: '/bin/nginx',
              connections: 4,
              bytesSent: 60,
              bytesReceived: 12,
            }),
          ],
          at(1),
        );
      if (order === 'source first') {
        await out();
        await inn();
      } else {
        await inn();
        await out();
      }
      expect(await edgesOf(zone), order).toEqual([
        {
          source: 'a',
          source_process: '/bin/curl',
          target: 'b',
          target_process: '/bin/nginx',
          port: 80,
          published_port: null,
          by_source: true,
          by_target: true,
          ended: false,
          connections: 4,
          spans: '0-',
        },
      ]);
      const { rows } = await sql<{ sent: number; received: number }>`
        select e.bytes_sent as sent, e.bytes_received as received from edges e join assets a on a.id = e.source_asset
        where a.zone = ${zone}`.execute(database.db);
      expect(rows).toEqual([{ sent: 12, received: 70 }]);
    }
  });

  test('two programs of a host that talk to the same port are two edges of one target', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    const b = await hostAt(zone, 'b', '10.0.0.2');
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
    await a.send(
      [
        edge('o1', { peer: to('10.0.0.2'), executable: '/bin/x' }),
        edge('o2', { peer: to('10.0.0.2'), executable: '/bin/y' }),
      ],
      at(1),
    );
    const rows = await edgesOf(zone);
    expect(rows.map((row) => [row.source_process, row.target_process, row.by_target])).toEqual([
      ['/bin/x', '/bin/db', true],
      ['/bin/y', '/bin/db', true],
    ]);
  });

  test('local peers need no addresses', async () => {
    const zone = newZone();
    const host = await hostAt(zone, 'a', '10.0.0.1', [containerRecord('docker:app'), containerRecord('docker:db')]);
    await host.send(
      [
        edge('out', {
          containerKey: 'docker:app',
          peer: { kind: 'local', containerKey: 'docker:db' },
          serverPort: 5432,
        }),
        edge('in', {
          direction: 'in',
          containerKey: 'docker:db',
          peer: { kind: 'local', containerKey: 'docker:app' },
          serverPort: 5432,
        }),
        edge('self', { peer: { kind: 'local', executable: '/bin/s' }, executable: '/bin/c', serverPort: 9 }),
      ],
      at(1),
    );
    expect(brief(await edgesOf(zone))).toEqual(['a -> a:9', 'docker:app -> docker:db:5432']);
  });

  test('an edge to the Internet keeps a sample of addresses', async () => {
    const zone = newZone();
    const host = await hostAt(zone, 'a', '10.0.0.1');
    await host.send(
      [edge('i', { peer: { kind: 'internet', addresses: ['1.1.1.1', '8.8.8.8'], addressCount: 40 } })],
      at(1),
    );
    expect(brief(await edgesOf(zone))).toEqual(['a -> internet:80']);
    const { rows } = await sql<{ addresses: string[]; address_count: number }>`
      select e.addresses, e.address_count from edges e join assets a on a.id = e.source_asset where a.zone = ${zone}`.execute(
      database.db,
    );
    expect(rows).toEqual([{ addresses: ['1.1.1.1', '8.8.8.8'], address_count: 40 }]);
  });
});

describe('zones', () => {
  test('the same addresses in two zones never mix', async () => {
    const [one, two] = [newZone(), newZone()];
    const a1 = await hostAt(one, 'a1', '10.0.0.1');
    await hostAt(one, 'b1', '10.0.0.2');
    const a2 = await hostAt(two, 'a2', '10.0.0.1');
    await hostAt(two, 'b2', '10.0.0.2');
    await a1.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await a2.send([edge('out', { peer: to('10.0.0.2') }), edge('far', { peer: to('10.0.0.9') })], at(1));
    expect(brief(await edgesOf(one))).toEqual(['a1 -> b1:80']);
    expect(brief(await edgesOf(two))).toEqual(['a2 -> b2:80', `a2 -> peer:${two}|10.0.0.9:80`]);
  });

  test('bridge addresses that every host has stay on their host', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1', [
      containerRecord('docker:a1', { networks: [network('172.17.0.2')] }),
      containerRecord('docker:a2', { networks: [network('172.17.0.3')] }),
    ]);
    await hostAt(zone, 'b', '10.0.0.2', [containerRecord('docker:b1', { networks: [network('172.17.0.2')] })]);
    await a.send(
      [
        edge('x', { containerKey: 'docker:a2', peer: to('172.17.0.2') }),
        edge('gw', { containerKey: 'docker:a2', peer: to('172.17.0.1'), serverPort: 53 }),
      ],
      at(1),
    );
    expect(brief(await edgesOf(zone))).toEqual(['docker:a2 -> a:53', 'docker:a2 -> docker:a1:80']);
  });

  test('containers on a network that the hosts route are found across hosts', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1', [
      containerRecord('docker:a1', { networks: [network('10.244.0.5')] }),
    ]);
    await hostAt(zone, 'b', '10.0.0.2', [containerRecord('docker:b1', { networks: [network('10.244.1.7')] })]);
    await a.send([edge('x', { containerKey: 'docker:a1', peer: to('10.244.1.7') })], at(1));
    expect(brief(await edgesOf(zone))).toEqual(['docker:a1 -> docker:b1:80']);
  });

  test('an address with two owners names neither', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await hostAt(zone, 'b', '10.0.0.2');
    await a.send([edge('x', { peer: to('10.0.0.2') })], at(1));
    await hostAt(zone, 'thief', '10.0.0.2');
    expect(brief(await edgesOf(zone)).filter((row) => !row.endsWith('ended'))).toEqual([
      `a -> peer:${zone}|10.0.0.2:80`,
    ]);
  });
});

describe('translation', () => {
  const web = containerRecord('docker:web', {
    networks: [network('172.17.0.2')],
    ports: [{ protocol: 'tcp', containerPort: 80, hostAddress: '0.0.0.0', hostPort: 8080 }],
  });

  test('a published port leads to the container, and both ends’ reports are one edge', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    const b = await hostAt(zone, 'b', '10.0.0.2', [web]);
    await a.send([edge('out', { peer: to('10.0.0.2'), serverPort: 8080, executable: '/bin/curl' })], at(1));
    await b.send(
      [
        edge('in', {
          direction: 'in',
          containerKey: 'docker:web',
          peer: to('10.0.0.1'),
          serverPort: 80,
          publishedPort: 8080,
        }),
      ],
      at(1),
    );
    expect(await edgesOf(zone)).toMatchObject([
      { source: 'a', target: 'docker:web', port: 80, published_port: 8080, by_source: true, by_target: true },
    ]);
  });

  test('a port published later turns the edge to the host into one to the container', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    const b = await hostAt(zone, 'b', '10.0.0.2');
    await a.send([edge('out', { peer: to('10.0.0.2'), serverPort: 8080 })], at(1));
    await b.send([web], at(2));
    expect(brief(await edgesOf(zone)).filter((row) => !row.endsWith('ended'))).toEqual(['a -> docker:web:80']);
  });

  test('a source behind its host’s address is the container that tells of the same target', async () => {
    for (const order of ['source first', 'target first']) {
      const zone = newZone();
      const a = await hostAt(zone, 'a', '10.0.0.1', [
        containerRecord('docker:app', { networks: [network('172.17.0.2')] }),
      ]);
      const b = await hostAt(zone, 'b', '10.0.0.2');
      const out = () => a.send([edge('out', { containerKey: 'docker:app', peer: to('10.0.0.2') })], at(1));
      const inn = () => b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
      if (order === 'source first') {
        await out();
        await inn();
      } else {
        await inn();
        await out();
      }
      expect(await edgesOf(zone), order).toMatchObject([
        {
          source: 'docker:app',
          target: 'b',
          target_process: '/bin/db',
          by_source: true,
          by_target: true,
          ended: false,
        },
      ]);
    }
  });

  test('a container in the host’s network is what its host’s address leads to, where it listens', async () => {
    for (const order of ['listener first', 'edge first']) {
      const zone = newZone();
      const a = await hostAt(zone, 'a', '10.0.0.1');
      const privilege = { ...containerRecord('x').privilege, hostNetwork: true };
      const b = await hostAt(zone, 'b', '10.0.0.2', [containerRecord('docker:web', { privilege })]);
      const listens = () =>
        b.send([listenerRecord(80, { key: 'docker:web|tcp|0.0.0.0|80', containerKey: 'docker:web' })], at(1));
      const talks = async () => {
        await a.send([edge('out', { peer: to('10.0.0.2'), executable: '/bin/curl' })], at(1));
        await b.send([edge('in', { direction: 'in', containerKey: 'docker:web', peer: to('10.0.0.1') })], at(1));
      };
      if (order === 'listener first') await listens();
      await talks();
      if (order === 'edge first') await listens();
      const rows = (await edgesOf(zone)).filter((row) => !row.ended);
      expect(rows, order).toMatchObject([{ source: 'a', target: 'docker:web', by_source: true, by_target: true }]);
    }
  });

  test('when the host itself talks too, what shows its address is the host’s', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1', [
      containerRecord('docker:app', { networks: [network('172.17.0.2')] }),
    ]);
    const b = await hostAt(zone, 'b', '10.0.0.2');
    await a.send(
      [
        edge('o1', { containerKey: 'docker:app', peer: to('10.0.0.2') }),
        edge('o2', { peer: to('10.0.0.2'), executable: '/bin/agent' }),
      ],
      at(1),
    );
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
    expect((await edgesOf(zone)).map((row) => [row.source, row.by_target])).toEqual([
      ['a', true],
      ['docker:app', false],
    ]);
  });
});

describe('late knowledge', () => {
  test('a stranger’s address becomes the host that appears there, with its history, as one edge', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2'), connections: 5 })], at(1));
    expect(brief(await edgesOf(zone))).toEqual([`a -> peer:${zone}|10.0.0.2:80`]);
    const b = await playHost(database.db, { zone, name: 'b', nowMs: t0 });
    await b.snapshot([{ ...withAddress('10.0.0.2'), hostname: 'b' }], at(10));
    expect(await edgesOf(zone)).toMatchObject([
      { source: 'a', target: 'b', connections: 5, spans: '0-', ended: false },
    ]);
  });

  test('a report that was left with a stranger is placed by the next sweep', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    const b = await playHost(database.db, { zone, name: 'b', nowMs: t0 });
    await sql`insert into node_addresses (host_id, zone, address, node, is_local)
      values (${b.id}, ${zone}, '10.0.0.2', ${`host:${b.id}`}, false)`.execute(database.db);
    expect((await sweepUnresolved(database.db, t0 + 2 * minute)).flatMap((change) => change.kinds)).toEqual(['edge']);
    expect(await edgesOf(zone)).toMatchObject([{ source: 'a', target: 'b', spans: '0-', ended: false }]);
    expect(await sweepUnresolved(database.db, t0 + 3 * minute)).toEqual([]);
  });

  test('a container whose record comes after its edge', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('out', { containerKey: 'docker:late', peer: to('10.9.9.9') })], at(1));
    expect(brief(await edgesOf(zone))).toEqual([`a -> peer:${zone}|10.9.9.9:80`]);
    await a.send([containerRecord('docker:late')], at(2));
    expect(brief(await edgesOf(zone))).toEqual([`docker:late -> peer:${zone}|10.9.9.9:80`]);
  });

  test('an address that another container takes over ends the one edge and begins another', async () => {
    const zone = newZone();
    const first = containerRecord('docker:v1', { networks: [network('172.17.0.5')] });
    const a = await hostAt(zone, 'a', '10.0.0.1', [containerRecord('docker:app'), first]);
    await a.send([edge('x', { containerKey: 'docker:app', peer: to('172.17.0.5') })], at(1));
    await a.send(
      [
        { ...first, state: 'removed', endedAt: t0 + 3 * minute },
        containerRecord('docker:v2', { networks: [network('172.17.0.5')] }),
      ],
      at(3),
    );
    expect((await edgesOf(zone)).map((row) => [row.target, row.ended, row.spans])).toEqual([
      ['docker:v1', true, '0-3'],
      ['docker:v2', false, '3-'],
    ]);
  });

  test('an edge that ended keeps its far end, whoever has the address later', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await a.send([edge('out', { peer: to('10.0.0.2'), endedAt: t0 + minute, lastSeenAt: t0 + minute })], at(2));
    await hostAt(zone, 'b', '10.0.0.2');
    expect(brief(await edgesOf(zone))).toEqual([`a -> peer:${zone}|10.0.0.2:80 ended`]);
  });
});

describe('presence over time', () => {
  test('an absence under five minutes does not split a span, a longer one does', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    const span = (from: number, until?: number) =>
      edge('x', {
        peer: to('10.0.0.7'),
        startedAt: t0 + from * minute,
        lastSeenAt: t0 + (until ?? from) * minute,
        ...(until === undefined ? {} : { endedAt: t0 + until * minute }),
      });
    await a.send([span(1)], at(1));
    await a.send([span(1, 4)], at(9));
    expect((await edgesOf(zone))[0]).toMatchObject({ spans: '1-4', ended: true });
    await a.send([span(8)], at(9));
    expect((await edgesOf(zone))[0]).toMatchObject({ spans: '1-', ended: false });
    await a.send([span(8, 10)], at(15));
    await a.send([span(16)], at(16));
    expect((await edgesOf(zone))[0]).toMatchObject({ spans: '1-10 16-', ended: false });
  });

  test('an edge lasts while either end sees it', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    const b = await hostAt(zone, 'b', '10.0.0.2');
    await a.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1') })], at(1));
    await a.send([edge('out', { peer: to('10.0.0.2'), endedAt: t0 + 2 * minute, lastSeenAt: t0 + 2 * minute })], at(7));
    expect((await edgesOf(zone))[0]).toMatchObject({ ended: false, spans: '0-' });
    await b.send(
      [edge('in', { direction: 'in', peer: to('10.0.0.1'), endedAt: t0 + 3 * minute, lastSeenAt: t0 + 3 * minute })],
      at(8),
    );
    expect((await edgesOf(zone))[0]).toMatchObject({ ended: true, spans: '0-3' });
  });

  test('what a snapshot does not name ended when it was last seen', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('x', { peer: to('10.0.0.7'), lastSeenAt: t0 + 2 * minute })], at(2));
    await a.snapshot([withAddress('10.0.0.1')], at(30));
    expect((await edgesOf(zone))[0]).toMatchObject({ ended: true, spans: '0-2' });
  });

  test('counts go on when a sensor starts anew and counts from zero', async () => {
    const zone = newZone();
    const a = await hostAt(zone, 'a', '10.0.0.1');
    await a.send([edge('x', { peer: to('10.0.0.7'), connections: 10 })], at(1));
    await a.send([edge('x', { peer: to('10.0.0.7'), connections: 12 })], at(2));
    await a.snapshot(
      [withAddress('10.0.0.1'), edge('x', { peer: to('10.0.0.7'), connections: 3, startedAt: t0 + 3 * minute })],
      at(4),
    );
    expect((await edgesOf(zone))[0]).toMatchObject({ connections: 15, spans: '0-' });
  });
});
