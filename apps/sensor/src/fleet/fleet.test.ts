import { InventoryRecord } from '@parapet/contract/wire';
import { describe, expect, test } from 'vitest';
import type { InventorySink } from '../collectors/collector.ts';
import { services } from './catalogue.ts';
import { createHostLife } from './host-life.ts';
import { createRandom } from './random.ts';
import { sbomOf } from './software.ts';
import { createTimeline } from './timeline.ts';
import { planWorld } from './world.ts';

const beganAtMs = Date.UTC(2026, 0, 1);
const hour = 3_600_000;

/** All that a host tells in some hours, as one text. */
const tell = (seed: string, index: number, hours: number) => {
  const world = planWorld(seed, 20);
  const host = world.hosts[index];
  if (host === undefined) throw new Error('There is no such host.');
  const records: InventoryRecord[] = [];
  const sink: InventorySink = { put: (record) => void records.push(record), end: () => undefined, has: () => false };
  const life = createHostLife(world, host, { beganAtMs, detailedFromMs: beganAtMs, pace: 5 });
  life.attach(sink);
  life.passUntil(beganAtMs + hours * hour);
  return { lines: records.map((record) => JSON.stringify(record)), records, life };
};

describe('the simulated world', () => {
  test('the same seed makes the same world, another seed another', () => {
    expect(JSON.stringify(planWorld('a', 45))).toBe(JSON.stringify(planWorld('a', 45)));
    expect(tell('a', 3, 0.5).lines).toEqual(tell('a', 3, 0.5).lines);
    expect(tell('a', 3, 0.5).lines).not.toEqual(tell('b', 3, 0.5).lines);
  });

  test('every record is one that a sensor may send, and time never runs backwards in it', () => {
    for (const index of [0, 1, 2, 8, 19]) {
      for (const record of tell('a', index, 0.2).records) {
        expect(InventoryRecord.safeParse(record).success, JSON.stringify(record)).toBe(true);
        expect(record.endedAt ?? record.startedAt).toBeGreaterThanOrEqual(record.startedAt);
      }
    }
  });

  test('what ends was there, and containers are deployed anew, restarted and removed', () => {
    const { records } = tell('a', 3, 10);
    const live = new Set<string>();
    const states = new Set<string>();
    for (const record of records) {
      const id = `${record.kind} ${record.key}`;
      if (record.kind === 'container') states.add(record.state);
      if (record.endedAt === undefined) live.add(id);
      else expect(live.has(id), id).toBe(true);
    }
    expect(states).toEqual(new Set(['running', 'exited', 'removed']));
  });

  test('what is there has software to scan, also images that nothing runs any more, and what is gone has none', () => {
    const { records, life } = tell('a', 3, 10);
    const last = new Map(records.map((record) => [`${record.kind} ${record.key}`, record]));
    const scannable = [...last.values()].filter(({ kind }) => kind === 'image' || kind === 'container');
    for (const { kind, key, endedAt, ...rest } of scannable) {
      const isThere = endedAt === undefined || ('state' in rest && rest.state === 'exited');
      expect(life.softwareAt(key) !== undefined, `${kind} ${key}`).toBe(isThere);
    }
    const images = scannable.filter(({ kind, endedAt }) => kind === 'image' && endedAt === undefined);
    const run = new Set(
      scannable.flatMap((record) =>
        record.kind === 'container' && record.endedAt === undefined ? record.imageDigest : [],
      ),
    );
    expect(images.some(({ key }) => !run.has(key))).toBe(true);
  });

  test('both ends of a link agree on the port, and every call leads to a service that is there', () => {
    const { hosts } = planWorld('a', 40);
    const links = new Map(hosts.flatMap((host) => host.links).map((link) => [link.id, link]));
    expect(links.size).toBeGreaterThan(300);
    for (const { from, to } of links.values()) {
      expect(from.service.calls).toContain(to.service.name);
      expect(Math.floor(from.host / 20)).toBe(Math.floor(to.host / 20));
      if (from.host !== to.host) expect(to.hostPort).toBeDefined();
    }
    for (const { calls } of services) {
      for (const name of calls) expect(services.map((service) => service.name)).toContain(name);
    }
    const ports = hosts.flatMap((host) =>
      host.slots.flatMap((slot) => slot.hostPort ?? []).map((port) => [host.index, port].join()),
    );
    expect(new Set(ports).size).toBe(ports.length);
  });

  test('software has files that running programs load', () => {
    const loaded = new Set(
      tell('a', 3, 0).records.flatMap((record) => (record.kind === 'process' ? record.loadedFiles : [])),
    );
    const sbom = sbomOf({ kind: 'image', name: 'web', base: 'debian', version: 1 }, 0);
    expect(sbom.packages.flatMap((pack) => pack.files).some((file) => loaded.has(file))).toBe(true);
    expect(sbomOf({ kind: 'image', name: 'web', base: 'debian', version: 9 }, 0).packages).not.toEqual(sbom.packages);
  });
});

test('random numbers are spread and bounded', () => {
  const random = createRandom('x');
  const counts = Array.from({ length: 10 }, () => 0);
  for (let at = 0; at < 10_000; at += 1) {
    const value = random.int(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('a timeline does things in their order, those that others make due as well', () => {
  const timeline = createTimeline();
  const done: string[] = [];
  timeline.at(20, () => done.push('b'));
  timeline.at(10, (now) => {
    done.push('a');
    timeline.at(now + 5, () => done.push('a2'));
    timeline.at(now + 50, () => done.push('late'));
  });
  timeline.at(20, () => done.push('c'));
  timeline.runUntil(30);
  expect(done).toEqual(['a', 'a2', 'b', 'c']);
  timeline.runUntil(60);
  expect(done.at(-1)).toBe('late');
});
