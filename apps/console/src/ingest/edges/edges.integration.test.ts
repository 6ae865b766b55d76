import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, brief, edge, edgesOf, hostAt, newZone, to } from '../../testing/edge-scenes.ts';
import { containerRecord, listenerRecord, network } from '../../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describe('both ends of an edge', () => {
  test('two hosts tell of one edge, whoever speaks first; each end’s program is known', async () => {
    for (const order of ['source first', 'target first']) {
      const zone = newZone();
      const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
      const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
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
      expect(await edgesOf(database.db, zone), order).toEqual([
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
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
    await a.send(
      [
        edge('o1', { peer: to('10.0.0.2'), executable: '/bin/x' }),
        edge('o2', { peer: to('10.0.0.2'), executable: '/bin/y' }),
      ],
      at(1),
    );
    const rows = await edgesOf(database.db, zone);
    expect(rows.map((row) => [row.source_process, row.target_process, row.by_target])).toEqual([
      ['/bin/x', '/bin/db', true],
      ['/bin/y', '/bin/db', true],
    ]);
  });

  test('local peers need no addresses', async () => {
    const zone = newZone();
    const host = await hostAt(database.db, zone, 'a', '10.0.0.1', [
      containerRecord('docker:app'),
      containerRecord('docker:db'),
    ]);
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
    expect(brief(await edgesOf(database.db, zone))).toEqual(['a -> a:9', 'docker:app -> docker:db:5432']);
  });

  test('an edge to the Internet keeps a sample of addresses', async () => {
    const zone = newZone();
    const host = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await host.send(
      [edge('i', { peer: { kind: 'internet', addresses: ['1.1.1.1', '8.8.8.8'], addressCount: 40 } })],
      at(1),
    );
    expect(brief(await edgesOf(database.db, zone))).toEqual(['a -> internet:80']);
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
    const a1 = await hostAt(database.db, one, 'a1', '10.0.0.1');
    await hostAt(database.db, one, 'b1', '10.0.0.2');
    const a2 = await hostAt(database.db, two, 'a2', '10.0.0.1');
    await hostAt(database.db, two, 'b2', '10.0.0.2');
    await a1.send([edge('out', { peer: to('10.0.0.2') })], at(1));
    await a2.send([edge('out', { peer: to('10.0.0.2') }), edge('far', { peer: to('10.0.0.9') })], at(1));
    expect(brief(await edgesOf(database.db, one))).toEqual(['a1 -> b1:80']);
    expect(brief(await edgesOf(database.db, two))).toEqual(['a2 -> b2:80', `a2 -> peer:${two}|10.0.0.9:80`]);
  });

  test('bridge addresses that every host has stay on their host', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [
      containerRecord('docker:a1', { networks: [network('172.17.0.2')] }),
      containerRecord('docker:a2', { networks: [network('172.17.0.3')] }),
    ]);
    await hostAt(database.db, zone, 'b', '10.0.0.2', [
      containerRecord('docker:b1', { networks: [network('172.17.0.2')] }),
    ]);
    await a.send(
      [
        edge('x', { containerKey: 'docker:a2', peer: to('172.17.0.2') }),
        edge('gw', { containerKey: 'docker:a2', peer: to('172.17.0.1'), serverPort: 53 }),
      ],
      at(1),
    );
    expect(brief(await edgesOf(database.db, zone))).toEqual(['docker:a2 -> a:53', 'docker:a2 -> docker:a1:80']);
  });

  test('containers on a network that the hosts route are found across hosts', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [
      containerRecord('docker:a1', { networks: [network('10.244.0.5')] }),
    ]);
    await hostAt(database.db, zone, 'b', '10.0.0.2', [
      containerRecord('docker:b1', { networks: [network('10.244.1.7')] }),
    ]);
    await a.send([edge('x', { containerKey: 'docker:a1', peer: to('10.244.1.7') })], at(1));
    expect(brief(await edgesOf(database.db, zone))).toEqual(['docker:a1 -> docker:b1:80']);
  });

  test('an address with two owners names neither', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    await hostAt(database.db, zone, 'b', '10.0.0.2');
    await a.send([edge('x', { peer: to('10.0.0.2') })], at(1));
    await hostAt(database.db, zone, 'thief', '10.0.0.2');
    expect(brief(await edgesOf(database.db, zone)).filter((row) => !row.endsWith('ended'))).toEqual([
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
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    const b = await hostAt(database.db, zone, 'b', '10.0.0.2', [web]);
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
    expect(await edgesOf(database.db, zone)).toMatchObject([
      { source: 'a', target: 'docker:web', port: 80, published_port: 8080, by_source: true, by_target: true },
    ]);
  });

  test('a port published later turns the edge to the host into one to the container', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
    const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
    await a.send([edge('out', { peer: to('10.0.0.2'), serverPort: 8080 })], at(1));
    await b.send([web], at(2));
    expect(brief(await edgesOf(database.db, zone)).filter((row) => !row.endsWith('ended'))).toEqual([
      'a -> docker:web:80',
    ]);
  });

  test('a source behind its host’s address is the container that tells of the same target', async () => {
    for (const order of ['source first', 'target first']) {
      const zone = newZone();
      const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [
        containerRecord('docker:app', { networks: [network('172.17.0.2')] }),
      ]);
      const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
      const out = () => a.send([edge('out', { containerKey: 'docker:app', peer: to('10.0.0.2') })], at(1));
      const inn = () => b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
      if (order === 'source first') {
        await out();
        await inn();
      } else {
        await inn();
        await out();
      }
      expect(await edgesOf(database.db, zone), order).toMatchObject([
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
      const a = await hostAt(database.db, zone, 'a', '10.0.0.1');
      const privilege = { ...containerRecord('x').privilege, hostNetwork: true };
      const b = await hostAt(database.db, zone, 'b', '10.0.0.2', [containerRecord('docker:web', { privilege })]);
      const listens = () =>
        b.send([listenerRecord(80, { key: 'docker:web|tcp|0.0.0.0|80', containerKey: 'docker:web' })], at(1));
      const talks = async () => {
        await a.send([edge('out', { peer: to('10.0.0.2'), executable: '/bin/curl' })], at(1));
        await b.send([edge('in', { direction: 'in', containerKey: 'docker:web', peer: to('10.0.0.1') })], at(1));
      };
      if (order === 'listener first') await listens();
      await talks();
      if (order === 'edge first') await listens();
      const rows = (await edgesOf(database.db, zone)).filter((row) => !row.ended);
      expect(rows, order).toMatchObject([{ source: 'a', target: 'docker:web', by_source: true, by_target: true }]);
    }
  });

  test('when the host itself talks too, what shows its address is the host’s', async () => {
    const zone = newZone();
    const a = await hostAt(database.db, zone, 'a', '10.0.0.1', [
      containerRecord('docker:app', { networks: [network('172.17.0.2')] }),
    ]);
    const b = await hostAt(database.db, zone, 'b', '10.0.0.2');
    await a.send(
      [
        edge('o1', { containerKey: 'docker:app', peer: to('10.0.0.2') }),
        edge('o2', { peer: to('10.0.0.2'), executable: '/bin/agent' }),
      ],
      at(1),
    );
    await b.send([edge('in', { direction: 'in', peer: to('10.0.0.1'), executable: '/bin/db' })], at(1));
    expect((await edgesOf(database.db, zone)).map((row) => [row.source, row.by_target])).toEqual([
      ['a', true],
      ['docker:app', false],
    ]);
  });
});
