import { expect, test } from 'vitest';
import { edgeRecord } from '../../testing/records.ts';
import type { PlacedReport } from './edge-report.ts';
import { computeGroup, isRefinement } from './groups.ts';

const a = 'host:a';
const b = 'host:b';
const report = (part: Partial<PlacedReport>): PlacedReport => ({
  hostId: 'a',
  zone: 'z',
  key: 'k',
  side: 'source',
  protocol: 'tcp',
  containerKey: undefined,
  peer: { kind: 'address', address: '10.0.0.2' },
  localProcess: '',
  peerProcess: '',
  serverPort: 80,
  publishedPort: undefined,
  live: true,
  startedAtMs: 10,
  lastSeenAtMs: 20,
  connections: 1,
  bytesSent: undefined,
  bytesReceived: undefined,
  record: edgeRecord('k'),
  sourceNode: a,
  targetNode: b,
  port: 80,
  edge: undefined,
  ...part,
});

const brief = (reports: readonly PlacedReport[]): string[] =>
  computeGroup(reports).map((edge) => `${edge.sourceProcess}>${edge.targetProcess}`);

test('each end’s program comes from that end', () => {
  expect(brief([report({ localProcess: 'curl' }), report({ side: 'target', localProcess: 'nginx' })])).toEqual([
    'curl>nginx',
  ]);
});

test('a program that is not known yet leaves its place empty', () => {
  expect(brief([report({ side: 'target', localProcess: 'nginx' })])).toEqual(['>nginx']);
});

test('the newest live report of the serving end names its program', () => {
  const old = report({ side: 'target', localProcess: 'apache', lastSeenAtMs: 5, live: false, key: 'o' });
  const now = report({ side: 'target', localProcess: 'nginx', lastSeenAtMs: 9, key: 'n' });
  expect(brief([report({ localProcess: 'curl' }), old, now])).toEqual(['curl>nginx']);
});

test('a known program is not forgotten when the end that told of it falls silent', () => {
  const edge = { id: 1, sourceProcess: 'curl', targetProcess: 'nginx' };
  expect(brief([report({ localProcess: 'curl', edge })])).toEqual(['curl>nginx']);
});

test('containers are one workload, whatever runs in them', () => {
  const [edge] = computeGroup([report({ sourceNode: 'container:c', localProcess: 'sh' })]);
  expect(edge?.sourceProcess).toBe('');
});

test('the two ends count the same traffic: the greater count stands', () => {
  const [edge] = computeGroup([
    report({ localProcess: 'x', connections: 2, bytesSent: 10, key: '1' }),
    report({ localProcess: 'x', connections: 3, bytesSent: 5, key: '2' }),
    report({ side: 'target', connections: 4, bytesReceived: 20, bytesSent: 7, key: '3' }),
  ]);
  expect(edge).toMatchObject({ connections: 5, bytesSent: 20, bytesReceived: 7 });
});

test('counts stay numbers the database can hold', () => {
  const huge = { localProcess: 'x', connections: Number.MAX_SAFE_INTEGER };
  const [edge] = computeGroup([report({ ...huge, key: '1' }), report({ ...huge, key: '2' })]);
  expect(edge?.connections).toBe(Number.MAX_SAFE_INTEGER);
});

const identity = (sourceNode: string, sourceProcess: string, targetNode: string, targetProcess: string) => ({
  sourceNode,
  sourceProcess,
  targetNode,
  targetProcess,
  protocol: 'tcp' as const,
  port: 80,
});

test.each([
  ['a stranger that got a name', identity(a, '', 'peer:z|1', ''), identity(a, '', b, ''), true],
  ['a program that became known', identity(a, '', b, ''), identity(a, 'curl', b, 'nginx'), true],
  ['a container behind its host', identity(a, '', b, ''), identity('container:c', '', b, ''), true],
  ['another program', identity(a, 'curl', b, ''), identity(a, 'wget', b, ''), false],
  ['another container', identity(a, '', 'container:c', ''), identity(a, '', 'container:d', ''), false],
  ['a name that was lost', identity(a, '', b, ''), identity(a, '', 'peer:z|1', ''), false],
])('%s', (_name, before, after, refines) => {
  expect(isRefinement(before, after)).toBe(refines);
});
