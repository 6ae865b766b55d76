import { describe, expect, it } from 'vitest';
import { parsePeerNode, peerId, peerNodeOf, serviceId, shownName, zoneId } from '../node-id.ts';
import { type ContainerRow, planContents, replicaStem } from './plan-contents.ts';
import { groupHosts, type HostRequest, type HostRow, hostsOfGroup, planHosts } from './plan-hosts.ts';
import { createViewCache } from './view-cache.ts';

const host = (id: string, more: Partial<HostRow> = {}): HostRow => ({
  id,
  name: id,
  zone: 'z',
  silent: false,
  risk: undefined,
  ownRisk: undefined,
  labels: {},
  containers: 0,
  since: new Date(0),
  inScope: true,
  ...more,
});
const hosts = (count: number, more: (n: number) => Partial<HostRow> = () => ({})): readonly HostRow[] =>
  Array.from({ length: count }, (_, n) => host(`h${n}`, more(n)));
const request = (more: Partial<HostRequest> = {}): HostRequest => ({
  open: new Set(),
  hosts: new Set(),
  any: false,
  liftNeighbours: false,
  ...more,
});

describe('hosts in a view', () => {
  it('are opened in a small fleet, shown in a middling one, and in their zones in a large one', () => {
    expect(planHosts(hosts(12), request()).opened.size).toBe(12);
    const middling = planHosts(hosts(60), request());
    expect([middling.opened.size, middling.groups.length, middling.nodeOfHost.get('h0')]).toEqual([0, 0, 'host:h0']);
    const large = planHosts(
      hosts(61, (n) => ({ zone: `z${n % 2}` })),
      request(),
    );
    expect(large.groups.map((group) => group.id)).toEqual(['zone:z0', 'zone:z1']);
  });

  it('of one large zone are shown at once, in groups when too many', () => {
    expect(planHosts(hosts(200), request()).nodeOfHost.get('h0')).toBe('host:h0');
    const grouped = planHosts(
      hosts(300, (n) => ({ labels: { role: n % 2 === 0 ? 'a' : 'b' } })),
      request(),
    );
    expect(grouped.groups.map((group) => [group.label, group.hosts.length])).toEqual([
      ['role=a', 150],
      ['role=b', 150],
    ]);
  });

  it('of a group that is still too large are grouped again', () => {
    const fleet = hosts(900, (n) => ({
      labels: { role: n % 2 === 0 ? 'a' : 'b' },
      name: `${n % 3 === 0 ? 'x' : 'y'}-${n}`,
    }));
    const opened = planHosts(fleet, request({ any: true, open: new Set(['hosts:z|role=a']) }));
    expect(opened.groups.map((group) => group.id)).toEqual([
      'hosts:z|role=a/x*',
      'hosts:z|role=a/y*',
      'hosts:z|role=b',
    ]);
    const deeper = planHosts(fleet, request({ any: true, open: new Set(['hosts:z|role=a/x*']) }));
    expect(deeper.outlines.map((outline) => [outline.id, outline.parent])).toEqual([
      ['hosts:z|role=a', undefined],
      ['hosts:z|role=a/x*', 'hosts:z|role=a'],
    ]);
    expect(hostsOfGroup('z', fleet, 'hosts:z|role=a/x*')).toHaveLength(150);
    expect(hostsOfGroup('z', fleet, 'hosts:z|nothing')).toEqual([]);
  });

  it('that are neighbours of an open one stand as themselves or in their zone', () => {
    const fleet = hosts(100, (n) => ({ zone: `z${n % 2}` }));
    const asked = { any: true, open: new Set(['host:h0']), hosts: new Set(['h0']) };
    const near = planHosts(fleet, request(asked));
    expect([near.nodeOfHost.get('h2'), near.nodeOfHost.get('h1')]).toEqual(['host:h2', 'zone:z1']);
    expect([...near.subject]).toEqual(['host:h0']);
    expect(planHosts(fleet, request({ ...asked, liftNeighbours: true })).nodeOfHost.get('h2')).toBe('zone:z0');
  });
});

describe('grouping hosts', () => {
  it('prefers a label that parts them, then names, then letters', () => {
    const byName = hosts(30, (n) => ({ name: `${n % 2 === 0 ? 'web' : 'db'}-${n}`, labels: { id: String(n) } }));
    expect([...groupHosts(byName).keys()]).toEqual(['db*', 'web*']);
    const distinct = hosts(200, (n) => ({
      name: `${String.fromCharCode(97 + (n % 26))}${'q'.repeat(1 + (n % 100))}x`,
    }));
    expect(groupHosts(distinct).size).toBeLessThanOrEqual(80);
  });
});

const container = (name: string, more: Partial<ContainerRow> = {}): ContainerRow => ({
  id: name,
  hostId: 'h',
  name,
  imageId: 'i',
  imageName: 'shop/web:1',
  silent: false,
  risk: undefined,
  privileged: false,
  since: new Date(0),
  ...more,
});

describe('containers in an open host', () => {
  it('are grouped as replicas by numbered names of one image', () => {
    const rows = [container('web-1'), container('web-2'), container('web-3', { imageId: 'j' }), container('db')];
    expect(planContents('h', rows, new Set(), 50).map((group) => [group.label, group.members.length])).toEqual([
      ['db', 1],
      ['web', 2],
      ['web-3', 1],
    ]);
  });

  it('are grouped by image past the cap, and then gathered', () => {
    const many = Array.from({ length: 40 }, (_, n) => container(`name${String.fromCharCode(97 + (n % 26))}${n}x`));
    expect(planContents('h', many, new Set(), 10).map((group) => [group.label, group.members.length])).toEqual([
      ['web', 40],
    ]);
    const images = Array.from({ length: 40 }, (_, n) => container(`c${n}x`, { imageId: `i${n}`, risk: n }));
    const capped = planContents('h', images, new Set(), 10);
    expect(capped).toHaveLength(10);
    expect(capped[0]?.label).toBe('c39x');
    expect(capped.at(-1)).toMatchObject({ label: '31 more', id: 'containers:host:h|rest' });
    expect(capped.reduce((sum, group) => sum + group.members.length, 0)).toBe(40);
  });

  it('share a name without what numbers them', () => {
    expect(['shop-web-12', 'web-7d4b9c6f5-x2x9z', 'payments-db', 'a.1', 'web-backend-worker'].map(replicaStem)).toEqual(
      ['shop-web', 'web', 'payments-db', 'a', 'web-backend-worker'],
    );
  });
});

describe('ids', () => {
  it('hold no comma and stay short, and those of peers lead back', () => {
    expect(zoneId('a,b|c%')).toBe('zone:a%2cb%7cc%25');
    expect(serviceId('o', 'x'.repeat(4_000)).length).toBeLessThan(120);
    expect(serviceId('o', 'x'.repeat(4_000))).not.toBe(serviceId('o', `${'x'.repeat(3_999)}y`));
    expect(peerNodeOf(peerId('a,b', 'fe80::1'))).toBe('peer:a,b|fe80::1');
    expect(parsePeerNode('peer:a|b|10.0.0.1')).toEqual({ zone: 'a|b', address: '10.0.0.1' });
  });

  it('names are shown without what could deceive', () => {
    expect(shownName('\u202egnp.exe\n')).toBe('\ufffdgnp.exe\ufffd');
    expect(shownName('n'.repeat(500))).toHaveLength(120);
  });
});

describe('the view cache', () => {
  it('shares a view for a while, forgets failures and never grows without bound', async () => {
    let now = 0;
    let built = 0;
    const cache = createViewCache(() => now);
    const build = async () => {
      built += 1;
      return { version: String(built) } as never;
    };
    const [a, b] = await Promise.all([cache.get('k', 100, build), cache.get('k', 100, build)]);
    expect(a).toBe(b);
    now = 101;
    await cache.get('k', 100, build);
    expect(built).toBe(2);
    await expect(cache.get('f', 100, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await cache.get('f', 100, build);
    expect(built).toBe(3);
    for (let n = 0; n < 100; n += 1) await cache.get(`k${n}`, 100, build);
    await cache.get('k', 100, build);
    expect(built).toBe(104);
  });
});
