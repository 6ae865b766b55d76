import { describe, expect, test } from 'vitest';
import { exposureOf, exposureValues } from './exposure.ts';
import { isDeleted, normalisePath } from './file-path.ts';
import { enumerate, factor, riskOf, riskValue } from './formula.ts';
import { impactOf } from './impact.ts';
import { contextOf } from './instance-context.ts';
import type { PackageUse, Workload } from './observation.ts';
import { aContainer, aHost, anEdge, aPrivilege, aProcess, loadedBy, runningBy } from './risk-cases.ts';
import { pathsInUse, useOf, usesOf } from './use.ts';

const nginx = aProcess();
const rootNginx = aProcess({ root: true, user: 'root' });
const cron = aProcess({ key: '7:1', pid: 7, name: 'cron', executable: '/usr/sbin/cron', root: true, user: 'root' });
const libssl = '/usr/lib/x86_64-linux-gnu/libssl.so.3';

const risk = (likelihood: number, workload: Workload, use?: PackageUse): number => {
  const context = contextOf(workload, use);
  return riskValue(likelihood, context.exposure.value, context.use.value, context.impact.value);
};

describe('the order of risk', () => {
  const internet = {
    inbound: [anEdge()],
    listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 443, executable: '/usr/sbin/nginx' }],
  };
  const ordered: readonly (readonly [what: string, risk: number])[] = [
    ['exploited now, loaded by root facing the Internet', risk(1, aHost(internet), loadedBy(rootNginx, libssl))],
    ['exploited now, loaded by a user facing the Internet', risk(1, aHost(internet), loadedBy(nginx, libssl))],
    [
      'exploited now, reached over two hops',
      risk(
        1,
        aContainer({
          inbound: [anEdge({ from: 'own-network', peer: 'proxy' })],
          internetPath: { hops: 2, through: [{ assetId: 'x', name: 'proxy' }], protocol: 'tcp', port: 443 },
        }),
        runningBy(nginx),
      ),
    ],
    [
      'exploited now, own network only',
      risk(1, aContainer({ inbound: [anEdge({ from: 'own-network', peer: 'db' })] }), runningBy(nginx)),
    ],
    ['likely, blind to all', risk(0.4, aHost({ blind: { processes: 'refused', connections: 'refused' } }))],
    ['likely, loaded but reached by nothing', risk(0.4, aContainer(), loadedBy(nginx, libssl))],
    ['likely, installed only on a host facing the Internet', risk(0.2, aHost(internet))],
    ['likely, installed only, nothing listens', risk(0.2, aHost())],
    ['unlikely, in a stopped container', risk(0.1, aContainer({ status: 'stopped' }))],
    ['unlikely, in an image nothing runs from', risk(0.05, aContainer({ kind: 'image', privilege: undefined }))],
  ];

  test.each(ordered.slice(1).map((entry, index) => [ordered[index]?.[0], ordered[index]?.[1], ...entry] as const))(
    '%s (%d) is above %s (%d)',
    (_more, higher, _less, lower) => expect(higher).toBeGreaterThan(lower),
  );

  test('the worst case is critical, the mildest low, and nothing is zero', () => {
    expect(ordered[0]?.[1]).toBeGreaterThanOrEqual(80);
    expect(ordered.at(-1)?.[1]).toBeLessThan(20);
    for (const [, value] of ordered) expect(value).toBeGreaterThan(0);
  });
});

describe('exposure', () => {
  test('counts for a package only what its own programs face', () => {
    const host = aHost({ inbound: [anEdge()], processes: [nginx, cron] });
    expect(exposureOf(host, runningBy(nginx)).kind).toBe('internet');
    expect(exposureOf(host, runningBy(cron))).toMatchObject({
      kind: 'none-seen',
      factor: { value: exposureValues.nothingSeen },
    });
    expect(contextOf(host).exposureKind).toBe('none-seen');
  });

  test('an edge or listener without a known program counts for every package', () => {
    const host = aHost({ inbound: [anEdge({ executable: '' })] });
    expect(exposureOf(host, runningBy(cron)).kind).toBe('internet');
  });

  test('what was seen stands even while connections are blind, what was not seen does not', () => {
    const blind = { connections: 'the collector was refused' };
    expect(exposureOf(aHost({ blind, inbound: [anEdge()] })).kind).toBe('internet');
    const unseen = exposureOf(aHost({ blind }));
    expect(unseen).toMatchObject({ kind: 'unknown', factor: { value: exposureValues.unknown, known: false } });
    expect(unseen.factor.evidence.at(-1)?.kind).toBe('blind');
  });

  test.each([
    ['internet', exposureValues.internet, 'internet'],
    ['zones', exposureValues.zones, 'zones'],
    ['own-network', exposureValues.ownNetwork, 'own-network'],
    ['same-host', exposureValues.sameHost, 'own-network'],
  ] as const)('inbound from %s is worth %d', (from, value, kind) => {
    expect(exposureOf(aHost({ inbound: [anEdge({ from })] }))).toMatchObject({ kind, factor: { value, known: true } });
  });

  test('listening beyond loopback is more than listening on loopback', () => {
    const listener = { protocol: 'tcp', port: 6379, executable: null };
    const open = exposureOf(aHost({ listeners: [{ ...listener, address: '::' }] }));
    const closed = exposureOf(aHost({ listeners: [{ ...listener, address: '127.0.0.1' }] }));
    expect([open.factor.value, closed.factor.value]).toEqual([exposureValues.listening, exposureValues.loopback]);
  });

  test('a path over several workloads is told step by step', () => {
    const exposure = exposureOf(
      aContainer({
        inbound: [anEdge({ from: 'own-network', peer: 'webhook', port: 9000 })],
        internetPath: {
          hops: 3,
          through: [
            { assetId: 'a', name: 'edge' },
            { assetId: 'b', name: 'webhook' },
          ],
          protocol: 'tcp',
          port: 9000,
        },
      }),
    );
    expect(exposure.factor.reason).toContain('Internet → edge → webhook → shop');
  });
});

describe('use', () => {
  const owners = new Map([
    ['/usr/sbin/nginx', [1]],
    [libssl, [2]],
  ]);

  test('finds running programs and loaded libraries across merged /usr', () => {
    const process = aProcess({
      executable: '/sbin/../usr/sbin/nginx'.replace('/sbin/..', ''),
      loadedFiles: ['/lib/x86_64-linux-gnu/libssl.so.3'],
    });
    expect([...pathsInUse([process])]).toEqual(['/usr/sbin/nginx', libssl]);
    const uses = usesOf([process], owners);
    expect(uses.get(1)?.running).toHaveLength(1);
    expect(uses.get(2)?.loaded).toHaveLength(1);
  });

  test('speaks of one library and of several as one says it', () => {
    const loading = { loadedFiles: [libssl, '/usr/lib/x86_64-linux-gnu/libcrypto.so.3'] };
    const both = usesOf([aProcess(loading)], new Map([...owners, [loading.loadedFiles[1] ?? '', [2]]]));
    expect(useOf(aHost(), both.get(2)).factor.reason).toContain('libssl.so.3 and libcrypto.so.3 are loaded by');
    const one = usesOf([aProcess({ loadedFiles: [libssl] })], owners);
    expect(useOf(aHost(), one.get(2)).factor.reason).toContain('libssl.so.3 is loaded by');
  });

  test('a deleted mapping means that the old version is still at work', () => {
    const uses = usesOf([aProcess({ loadedFiles: [`${libssl} (deleted)`] })], owners);
    const use = useOf(aHost(), uses.get(2));
    expect(use.kind).toBe('loaded');
    expect(use.factor.reason).toContain('until a restart');
  });

  test('not seen is installed where we see, unknown where we do not', () => {
    expect(useOf(aHost())).toMatchObject({ kind: 'installed', factor: { known: true } });
    expect(useOf(aHost({ blind: { processes: 'refused' } }))).toMatchObject({
      kind: 'unknown',
      factor: { known: false, value: 0.5 },
    });
  });

  test('evidence links the process', () => {
    const { factor: use } = useOf(aHost(), runningBy(nginx));
    expect(use.evidence[0]).toMatchObject({ kind: 'process', ref: 'process:host-1|100:1' });
  });
});

describe('impact', () => {
  const mount = (source: string, writable: boolean) =>
    aPrivilege({ hostMounts: [{ source, target: '/mnt', writable }] });

  test.each([
    ['privileged', aPrivilege({ privileged: true }), 1],
    ['runtime socket', aPrivilege({ runtimeSocket: true }), 1],
    ['the root folder, writable', mount('/', true), 1],
    ['/etc, writable', mount('/etc', true), 1],
    ['/etc, read-only', mount('/etc', false), 0.45],
    ['a data folder, writable', mount('/srv/data', true), 0.45],
    ['host processes', aPrivilege({ hostPid: true }), 0.9],
    ['SYS_ADMIN', aPrivilege({ capabilitiesAdded: ['CAP_SYS_ADMIN'] }), 0.9],
    ['host network', aPrivilege({ hostNetwork: true }), 0.75],
    ['root', aPrivilege({ user: '' }), 0.65],
    ['a user', aPrivilege(), 0.45],
  ])('a container with %s', (_what, privilege, value) => {
    expect(impactOf(aContainer({ privilege })).value).toBe(value);
  });

  test('on a host it follows the processes that use the package', () => {
    expect(impactOf(aHost(), runningBy(cron)).value).toBeGreaterThan(impactOf(aHost(), runningBy(nginx)).value);
  });
});

test('risk is named by its formula and keeps its factors', () => {
  const one = factor(1, 'all');
  expect(riskOf({ likelihood: one, exposure: one, use: one, impact: one })).toMatchObject({
    value: 100,
    formula: 'parapet-risk/1',
  });
  expect(riskValue(0.3, 0.4, 0.5, 0.6)).toBe(19);
});

test('paths', () => {
  expect(normalisePath('/lib64/ld-linux-x86-64.so.2 (deleted)')).toBe('/usr/lib64/ld-linux-x86-64.so.2');
  expect(normalisePath('/opt/lib/x')).toBe('/opt/lib/x');
  expect(isDeleted('/bin/sh (deleted)')).toBe(true);
});

test('names are enumerated', () => {
  expect(enumerate(['a', 'b', 'a', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  expect(enumerate(['a', 'b'])).toBe('a and b');
});
