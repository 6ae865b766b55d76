import { EdgeRecord, type InventoryRecord } from '@parapet/contract/wire';
import { describe, expect, it } from 'vitest';
import { createEdgeBook, type EdgeParts, isWithinItself } from './edge-book.ts';

const parts = (overrides: Partial<EdgeParts> = {}): EdgeParts => ({
  containerKey: 'docker:1',
  executable: '/bin/app',
  process: { key: '7:1', pid: 7 },
  direction: 'out',
  protocol: 'tcp',
  peer: { kind: 'address', address: '10.0.0.9' },
  serverPort: 443,
  publishedPort: undefined,
  ...overrides,
});

const createBook = (limits?: { edges: number; peers: number }) => {
  const puts: InventoryRecord[] = [];
  const lost: string[] = [];
  const marked: number[] = [];
  const book = createEdgeBook({
    inventory: { put: (record) => puts.push(record) },
    markSocketOwner: (pid) => marked.push(pid),
    lose: (cause, count) => lost.push(...Array.from({ length: count }, () => cause)),
    ...(limits === undefined ? {} : { limits }),
  });
  return { book, puts, lost, marked };
};

describe('an edge', () => {
  it('adds up its connections and bytes, and is a record of the wire', () => {
    const { book, puts, marked } = createBook();
    const edge = book.connect(parts(), 1000);
    book.connect(parts({ process: { key: '8:1', pid: 8 } }), 2000);
    if (edge === undefined) throw new Error('no edge');
    book.carry(edge, 3000, 10, 20);
    book.carry(edge, 4000, 1, 2);
    book.flush(4000);
    expect(puts).toHaveLength(1);
    expect(EdgeRecord.parse(puts[0])).toEqual({
      kind: 'edge',
      key: 'docker:1|out|tcp|443|address|10.0.0.9||/bin/app',
      startedAt: 1000,
      containerKey: 'docker:1',
      executable: '/bin/app',
      processKey: '8:1',
      direction: 'out',
      protocol: 'tcp',
      peer: { kind: 'address', address: '10.0.0.9' },
      serverPort: 443,
      lastSeenAt: 4000,
      connections: 2,
      bytesSent: 11,
      bytesReceived: 22,
    });
    expect(marked).toEqual([7, 8]);
  });

  it('says nothing of bytes that were never counted', () => {
    const { book, puts } = createBook();
    const edge = book.connect(parts(), 0);
    if (edge !== undefined) book.carry(edge, 0, undefined, undefined);
    book.flush(0);
    expect(puts[0]).not.toHaveProperty('bytesSent');
  });

  it('has the same key whichever ports clients and processes had', () => {
    const { book } = createBook();
    expect(book.connect(parts(), 0)?.key).toBe(
      book.connect(parts({ process: undefined, publishedPort: 8443 }), 0)?.key,
    );
    expect(book.size()).toBe(1);
  });

  it('gathers the Internet in one edge', () => {
    const { book, puts } = createBook();
    for (let index = 0; index < 30; index += 1)
      book.connect(parts({ peer: { kind: 'internet', address: `203.0.113.${index}` } }), 0);
    book.flush(0);
    expect(puts).toHaveLength(1);
    const peer = EdgeRecord.parse(puts[0]).peer;
    expect(peer).toMatchObject({ kind: 'internet', addressCount: 30 });
    expect(peer.kind === 'internet' ? peer.addresses : []).toHaveLength(16);
  });

  it('takes in connections too short for their process to be found, when there is just one it can be', () => {
    const { book } = createBook();
    const known = book.connect(parts(), 0);
    expect(book.connect(parts({ executable: undefined }), 0)).toBe(known);
    book.connect(parts({ executable: '/bin/other' }), 0);
    expect(book.connect(parts({ executable: undefined }), 0)?.executable).toBeUndefined();
    expect(book.size()).toBe(3);
  });

  it('takes in a local peer without a name likewise', () => {
    const { book } = createBook();
    const named = { kind: 'local', containerKey: 'docker:2', executable: '/bin/web' } as const;
    const known = book.connect(parts({ peer: named }), 0);
    expect(book.connect(parts({ peer: { ...named, executable: undefined } }), 0)).toBe(known);
    expect(book.connect(parts({ peer: { ...named, containerKey: 'docker:3', executable: undefined } }), 0)).not.toBe(
      known,
    );
  });
});

describe('the end of an edge', () => {
  it('comes five minutes after it was last seen, at that time', () => {
    const { book, puts } = createBook();
    book.connect(parts(), 1000);
    book.flush(1000);
    book.flush(1000 + 300_000);
    expect(puts).toHaveLength(1);
    book.flush(1000 + 300_001);
    expect(puts.at(-1)).toMatchObject({ endedAt: 1000, lastSeenAt: 1000 });
    expect(book.size()).toBe(0);
  });

  it('does not come while a connection stays', () => {
    const { book, puts } = createBook();
    const edge = book.connect(parts(), 0);
    for (let now = 0; now < 3_600_000; now += 60_000) {
      if (edge !== undefined) book.carry(edge, now, 0, 0);
      book.flush(now);
    }
    expect(puts.every((record) => record.endedAt === undefined)).toBe(true);
  });

  it('comes with its container', () => {
    const { book, puts } = createBook();
    book.connect(parts(), 0);
    book.connect(parts({ containerKey: 'docker:2' }), 0);
    book.connect(parts({ containerKey: undefined }), 0);
    book.endWorkloads((key) => key === 'docker:1', 500);
    expect(puts).toMatchObject([{ containerKey: 'docker:1', endedAt: 500 }]);
    expect(book.size()).toBe(2);
  });

  it('is told whole also where its container was gone before the edge was found', () => {
    const { book, puts } = createBook();
    const edge = book.connect(parts(), 1000);
    if (edge !== undefined) book.carry(edge, 1000, 3, 5);
    book.endWorkloads((key) => key === 'docker:1', 1000);
    book.flush(1000);
    expect(puts).toHaveLength(1);
    expect(EdgeRecord.parse(puts[0])).toMatchObject({
      ...{ startedAt: 1000, endedAt: 1000, executable: '/bin/app' },
      ...{ connections: 1, bytesSent: 3, bytesReceived: 5 },
    });
  });
});

describe('limits', () => {
  it('count each connection that finds no place', () => {
    const { book, lost } = createBook({ edges: 3, peers: 2 });
    const to = (address: string, serverPort = 443) =>
      book.connect(parts({ peer: { kind: 'address', address }, serverPort }), 0);
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.3']) to(address);
    expect(lost).toEqual(['too-many-peers', 'too-many-peers']);
    to('10.0.0.1', 80);
    to('10.0.0.1', 81);
    expect(lost.at(-1)).toBe('too-many-edges');
    expect(to('10.0.0.1')).toBeDefined();
    expect(book.size()).toBe(3);
  });

  it('give a place back when an edge ends', () => {
    const { book, lost } = createBook({ edges: 1, peers: 1 });
    book.connect(parts(), 0);
    book.flush(400_000);
    expect(book.connect(parts({ serverPort: 1 }), 400_000)).toBeDefined();
    expect(lost).toEqual([]);
  });
});

it('hands counters over seldom and changes at once', () => {
  const { book, puts } = createBook();
  const edge = book.connect(parts(), 0);
  book.flush(0);
  for (let now = 1000; now <= 9000; now += 1000) {
    if (edge !== undefined) book.carry(edge, now, 1, 1);
    book.flush(now);
  }
  expect(puts).toHaveLength(1);
  book.connect(parts(), 9500);
  book.flush(9500);
  expect(puts).toHaveLength(2);
});

it('sees when a workload talks to itself', () => {
  const self = { kind: 'local', containerKey: 'docker:1', executable: '/bin/app' } as const;
  expect(isWithinItself(parts({ peer: self }))).toBe(true);
  expect(isWithinItself(parts({ peer: { ...self, executable: '/bin/db' } }))).toBe(false);
  expect(isWithinItself(parts({ peer: { ...self, containerKey: undefined } }))).toBe(false);
  expect(isWithinItself(parts({ executable: undefined, peer: { ...self, executable: undefined } }))).toBe(true);
});
