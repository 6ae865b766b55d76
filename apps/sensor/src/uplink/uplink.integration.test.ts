import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { actionVocabulary } from '@parapet/contract/telemetry';
import type { LookAnswer } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyPin } from '../enrolment/certificate-request.ts';
import { enrol } from '../enrolment/enrol.ts';
import { createRenewal } from '../enrolment/renewal.ts';
import { createInventoryStore } from '../inventory/inventory-store.ts';
import { createInventoryStream } from '../inventory/inventory-stream.ts';
import { processRecord } from '../inventory/testing/records.ts';
import { silentLog } from '../log.ts';
import { createLookDesk } from '../look/look-desk.ts';
import { createArgumentsReader } from '../proc/arguments-reader.ts';
import { readStartTicks } from '../proc/start-ticks.ts';
import type { Identity } from '../state/state-files.ts';
import { openTelemetryPolicy } from '../telemetry/policy/followed-policy.ts';
import { type LocalConsole, startLocalConsole } from './testing/local-console.ts';
import { startUplink, type TaskPort, type Uplink, type UplinkChange } from './uplink.ts';

const soon = { timeout: 180_000, interval: 20 };
const key = 'the-right-enrolment-key';
const evidence = { hostname: 'test' };

const pinOf = (pem: string): Buffer => keyPin(new X509Certificate(pem).publicKey);
const enrolWith = (
  console: LocalConsole,
  changes: Partial<Parameters<typeof enrol>[1]> = {},
  proxy?: { url: URL; except: string[] },
) =>
  enrol(
    { clock: systemClock, proxy },
    {
      consoleUrl: console.url,
      authorityPin: pinOf(console.authority.certificatePem),
      key,
      evidence,
      sensorVersion: '0',
      previous: undefined,
      ...changes,
    },
  );

const noTasks: TaskPort = {
  connected: () => {},
  onOrder: () => {},
  onBulk: () => {},
  states: { next: () => undefined },
  bulk: { next: () => undefined },
};

describe('enrolment', () => {
  let console: LocalConsole;
  afterEach(() => console.close());

  it('ends with a certificate for the key that was made here', async () => {
    console = await startLocalConsole();
    const { identity, outcome } = await enrolWith(console);
    expect(outcome).toBe('new');
    expect(identity.hostId).toBe(console.hostId);
    expect(
      new X509Certificate(identity.certificatePem).verify(
        new X509Certificate(console.authority.certificatePem).publicKey,
      ),
    ).toBe(true);
    expect(console.enrolments[0]).toMatchObject({ key, evidence });
  });

  it('proves the old key when it enrols again', async () => {
    console = await startLocalConsole();
    const { identity } = await enrolWith(console);
    await enrolWith(console, { previous: identity });
    expect(console.enrolments[1]?.previous?.certificatePem).toBe(identity.certificatePem);
    expect(console.enrolments[1]?.previous?.proof.length).toBeGreaterThan(60);
  });

  it('says nothing to a console with another authority', async () => {
    console = await startLocalConsole();
    const otherPin = createHash('sha256').update('other').digest();
    await expect(enrolWith(console, { authorityPin: otherPin })).rejects.toMatchObject({ code: 'wrong-pin' });
    expect(console.enrolments).toEqual([]);
  });

  it('says nothing to a server whose certificate is for another name', async () => {
    console = await startLocalConsole({ serverName: 'web.example' });
    await expect(enrolWith(console)).rejects.toMatchObject({ code: 'bad-chain' });
    expect(console.enrolments).toEqual([]);
  });

  it('passes on what the console says against a key', async () => {
    console = await startLocalConsole();
    await expect(enrolWith(console, { key: 'some-other-wrong-key' })).rejects.toMatchObject({
      code: 'key-unknown',
      message: 'No such key.',
    });
  });

  it('goes through a proxy, and says when that refuses', async () => {
    console = await startLocalConsole();
    const asked: string[] = [];
    const proxy: Server = createServer((client) => {
      client.once('data', (head: Buffer) => {
        const text = head.toString('latin1');
        asked.push(text);
        if (!text.includes('console.test')) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        const upstream = connectTcp(console.port, '127.0.0.1');
        upstream.on('error', () => client.destroy());
        client.on('error', () => upstream.destroy());
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const url = new URL(`http://me:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    await enrolWith(console, { consoleUrl: 'https://console.test:9999' }, { url, except: [] });
    expect(asked[0]).toContain('CONNECT console.test:9999 HTTP/1.1');
    expect(asked[0]).toContain(`Proxy-Authorization: Basic ${Buffer.from('me:pass').toString('base64')}`);
    await expect(enrolWith(console, { consoleUrl: 'https://other.test' }, { url, except: [] })).rejects.toMatchObject({
      code: 'proxy',
      message: expect.stringContaining('403'),
    });
    proxy.close();
  });
});

describe('the uplink', () => {
  let console: LocalConsole;
  let uplink: Uplink;
  let identity: Identity;
  let saved: Identity[];
  let changes: UplinkChange[];
  let store: ReturnType<typeof createInventoryStore>;

  /** Shifts the sensor's clock. */
  let aheadMs = 0;
  /** Where the sensor is told that the console is. */
  let url: string | undefined;

  const begin = async (): Promise<void> => {
    aheadMs = 0;
    url = undefined;
    console = await startLocalConsole();
    const clock = { now: () => Date.now() + aheadMs };
    identity = (await enrolWith(console)).identity;
    saved = [];
    changes = [];
    store = createInventoryStore({ clock: systemClock, lose: () => {} });
    const stream = createInventoryStream({
      store,
      clock: systemClock,
      bootId: 'b',
      lastEpoch: 0,
      saveEpoch: async () => {},
    });
    uplink = startUplink({
      clock,
      log: silentLog,
      proxy: undefined,
      consoleUrls: () => [url ?? console.url],
      identity: () => identity,
      renewal: createRenewal({
        identity: () => identity,
        save: async (renewed) => {
          saved.push(renewed);
          identity = renewed;
        },
      }),
      store,
      stream,
      policy: await openTelemetryPolicy({
        file: { read: async () => undefined, write: async () => {} },
        surroundings: { containerOf: () => undefined, elapsedMs: () => 0 },
        log: silentLog,
      }),
      tasks: noTasks,
      look: createLookDesk({ procPath: '/proc', arguments: createArgumentsReader('/proc'), log: silentLog }),
      run: { sensorVersion: '0', bootId: 'b', runId: randomUUID(), startedAt: Date.now() },
    });
    uplink.onChange((change) => changes.push(change));
  };
  beforeEach(() => begin());
  afterEach(async () => {
    await uplink.stop('stop');
    await console.close();
  });

  const kinds = () => console.control.map(({ kind }) => kind);

  it('connects, sends a snapshot, beats, and says goodbye', async () => {
    store.put(processRecord('1:1'));
    await expect.poll(() => console.stream.live().size, soon).toBe(1);
    expect(kinds()[0]).toBe('hello');
    await expect.poll(() => kinds().filter((kind) => kind === 'heartbeat').length, soon).toBeGreaterThan(1);
    const beat = console.control.findLast(({ kind }) => kind === 'heartbeat');
    expect(beat).toMatchObject({ digest: console.stream.digest(), position: console.stream.position(), queued: 0 });
    await uplink.stop('stop');
    expect(kinds().at(-1)).toBe('goodbye');
  });

  it('goes on after a cut where it was, without a new snapshot', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    for (let at = 0; at < 50; at += 1) {
      store.put(processRecord(`${at}:1`));
      if (at % 10 === 5) console.cut();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await expect.poll(() => console.stream.live().size, soon).toBe(50);
    expect(console.stream.snapshots()).toBe(1);
    expect(console.connections()).toBeGreaterThan(1);
  });

  it('takes a snapshot anew when it is asked to', async () => {
    store.put(processRecord('1:1'));
    await expect.poll(() => console.stream.live().size, soon).toBe(1);
    console.send('control', { kind: 'resync', reason: 'test' });
    await expect.poll(() => console.stream.snapshots(), soon).toBe(2);
    expect(console.stream.live().size).toBe(1);
  });

  it('says which telemetry policy it follows: in its hello, as soon as it takes up another one, and when it comes back', async () => {
    const told = () => console.control.map((message) => (message as { policy?: unknown }).policy);
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    expect(told()[0]).toEqual({ digest: 'default', off: [], vocabulary: actionVocabulary });
    const rules = [{ name: 'no mounts', actions: ['mount'], keep: 0 }];
    console.send('control', { kind: 'telemetry-policy', format: 1, digest: 'abc', rules });
    await expect
      .poll(() => told().at(-1), soon)
      .toEqual({ digest: 'abc', off: ['mount'], vocabulary: actionVocabulary });
    console.send('control', { kind: 'telemetry-policy', format: 2, digest: 'def', rules });
    await expect.poll(() => told().at(-1), soon).toMatchObject({ digest: 'abc', problem: expect.any(String) });
    console.cut();
    await expect.poll(() => kinds().filter((kind) => kind === 'hello').length, soon).toBe(2);
    expect(console.control.findLast(({ kind }) => kind === 'hello')).toMatchObject({ policy: { digest: 'abc' } });
  });

  it('looks at a process when it is asked to, and says when it is not there', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    expect(console.control[0]).toMatchObject({ kind: 'hello', looks: true });
    const answers = (lookId: string) =>
      console.control.filter((message) => message.kind === 'look-answer' && (message as LookAnswer).lookId === lookId);
    const look = (target: string): string => {
      const lookId = randomUUID();
      console.send('control', { kind: 'look', lookId, target: { kind: 'process', process: target } });
      return lookId;
    };
    const ticks = readStartTicks(process.pid) ?? 0;
    const here = look(`${process.pid}:${ticks}`);
    await expect.poll(() => answers(here).length, soon).toBe(2);
    expect(answers(here)).toMatchObject([{ process: { pid: process.pid } }, { end: { left: 0 } }]);
    const gone = look(`${process.pid}:${ticks + 1}`);
    await expect.poll(() => answers(gone), soon).toMatchObject([{ end: { problem: 'This process has ended.' } }]);
  });

  it('notices a console that is silent and comes back', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    console.mute(true);
    store.put(processRecord('1:1'));
    // The WebSocket itself still answers pings, so only a cut line is silence.
    console.cut();
    await expect.poll(() => console.connections(), soon).toBe(2);
    console.cut();
    console.mute(false);
    await expect.poll(() => console.stream.live().size, soon).toBe(1);
  });

  it('notices a line that is dead without being closed', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    const frozen: Socket[] = [];
    const gate = createServer((client) => {
      const upstream = connectTcp(console.port, '127.0.0.1');
      for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
      client.on('close', () => upstream.destroy());
      client.pipe(upstream).pipe(client);
      frozen.push(client, upstream);
    });
    await new Promise<void>((resolve) => {
      gate.listen(0, '127.0.0.1', resolve);
    });
    url = `https://127.0.0.1:${(gate.address() as AddressInfo).port}`;
    console.cut();
    await expect.poll(() => console.connections() > 1 && uplink.isConnected(), soon).toBe(true);
    await expect.poll(() => console.control.at(-1)?.kind, soon).toBe('heartbeat');
    const before = console.connections();
    for (const socket of frozen) {
      socket.unpipe();
      socket.pause();
    }
    store.put(processRecord('9:9'));
    await expect.poll(() => console.connections(), soon).toBeGreaterThan(before);
    expect(changes.some(({ text }) => text.includes('has been silent for'))).toBe(true);
    await expect.poll(() => console.stream.live().has('process 9:9'), soon).toBe(true);
    gate.close();
  });

  it('exchanges its certificate when it is time and goes on with the new one', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    const before = identity;
    aheadMs = 40 * 3_600_000;
    await expect.poll(() => saved.length, soon).toBe(1);
    expect(identity.keyPem).not.toBe(before.keyPem);
    aheadMs = 0;
    console.cut();
    await expect.poll(() => console.connections(), soon).toBe(2);
    expect(kinds().filter((kind) => kind === 'renew')).toHaveLength(1);
  });

  it('says once why it was refused for good, and stays away', async () => {
    await expect.poll(() => uplink.isConnected() && console.stream.snapshots() === 1, soon).toBe(true);
    console.send('control', { kind: 'refused', code: 'revoked', message: 'You were revoked.', final: true });
    await expect
      .poll(() => changes.at(-1), soon)
      .toMatchObject({ state: 'refused', text: expect.stringContaining('You were revoked.') });
    const before = console.connections();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(console.connections()).toBe(before);
  });

  it('leaves a console that speaks nonsense', async () => {
    await expect.poll(() => console.stream.snapshots(), soon).toBe(1);
    console.send('control', { kind: 'flow', channel: 'inventory', epoch: -1, acked: 0, limit: 0 });
    await expect.poll(() => console.connections(), soon).toBe(2);
    expect(changes.some(({ text }) => text.includes('cannot read'))).toBe(true);
  });
});

describe('renewal', () => {
  it('asks after two thirds of the certificate’s life and keeps only what fits', async () => {
    const console = await startLocalConsole();
    try {
      const first = (await enrolWith(console)).identity;
      let identity = first;
      const renewal = createRenewal({
        identity: () => identity,
        save: async (renewed) => {
          identity = renewed;
        },
      });
      const certificate = new X509Certificate(first.certificatePem);
      const from = certificate.validFromDate.getTime();
      const life = certificate.validToDate.getTime() - from;
      expect(renewal.request(from + life * 0.6)).toBeUndefined();
      const request = renewal.request(from + life * 0.7) ?? '';
      expect(request).toContain('CERTIFICATE REQUEST');
      expect(renewal.request(from + life * 0.7 + 1000)).toBeUndefined();
      await expect(renewal.accept(first.certificatePem)).rejects.toMatchObject({ code: 'bad-answer' });
      expect(identity).toBe(first);
      const signed = await console.authority.signRequest(request);
      await renewal.accept(signed);
      expect(identity.certificatePem).toBe(signed);
      expect(identity.keyPem).not.toBe(first.keyPem);
    } finally {
      await console.close();
    }
  });
});
