import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { programVersion } from '@parapet/core';
import {
  type ConnectProxy,
  describeWith,
  docker,
  dockerDaemon,
  eventually,
  programOf,
  type Requirement,
  root,
  startConnectProxy,
} from '@parapet/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askFrom, clientAddress } from './support/balancer.ts';
import { type BareHost, makeBusyboxRoot, makeDebianHostRoot, startBareHost } from './support/bare-host.ts';
import { type DockerSensor, startNeighbour } from './support/docker-sensor.ts';
import { type HostsConsole, startHostsConsole } from './support/hosts-console.ts';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

const haproxy = programOf('haproxy');
/** Scans and upgrades give way to all else on a busy machine. */
const longMs = 400_000;
const kinds: readonly {
  readonly name: string;
  readonly byCopy: boolean;
  readonly byProxy: boolean;
  readonly make: () => Promise<string>;
  readonly needs: readonly Requirement[];
  readonly distribution: RegExp;
}[] = [
  // Debian's BusyBox speaks TLS, but not to a certificate with an elliptic curve: script and archive are copied there. Its
  // sensor has no way to the console but a proxy that wants a password.
  {
    name: 'bare-busybox',
    byCopy: true,
    byProxy: true,
    make: makeBusyboxRoot,
    needs: [programOf('busybox')],
    distribution: /^BusyBox alone$/,
  },
  // Its way to the console goes through a balancer, where there is one.
  {
    name: 'minimal-debian',
    byCopy: false,
    byProxy: false,
    make: makeDebianHostRoot,
    needs: [programOf('debootstrap')],
    distribution: /^Debian/,
  },
];

/**
 * Other people's machines, from nothing to nothing: each is added by what the console prints, seen, upgraded after the console
 * was, and removed. One console serves them all, and what it made once.
 */
describeWith([root, programOf('ip'), programOf('unshare')], 'other hosts', () => {
  let served: HostsConsole;
  const hosts = new Map<string, BareHost>();
  const ids = new Map<string, string>();
  const gateways = kinds.map((_, index) => `10.${77 + index}.${process.pid % 250}.1`);
  const able = kinds.filter(({ needs }) => needs.every(({ met }) => met));
  const prepared = new Map<string, Promise<string>>();
  const credentials = 'ann:p-w0rd';
  let proxy: ConnectProxy;

  beforeAll(async () => {
    // The slowest of all, so it begins first; who needs it waits.
    for (const { name, make } of able) prepared.set(name, make());
    for (const each of prepared.values()) each.catch(() => undefined);
    served = await startHostsConsole(gateways, haproxy.met);
    await served.makeArchive();
    proxy = await startConnectProxy({ credentials, host: '0.0.0.0' });
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    for (const host of hosts.values()) await host.dispose();
    await served?.dispose();
  });

  const hostOf = (name: string): BareHost => {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`${name} did not start`);
    return host;
  };
  const get = (path: string, body?: unknown) => served.api(path, body);
  const sensorOf = async (name: string) => (await get(`/api/v1/sensors?q=${name}`)).items[0];
  const online = (name: string) =>
    eventually(
      `${name} at the console`,
      async () => {
        const found = await sensorOf(name);
        return found?.presence === 'online' ? found : undefined;
      },
      longMs,
    );
  const install = async ({ name, byCopy, byProxy }: (typeof kinds)[number]): Promise<void> => {
    const host = hostOf(name);
    const line = (await served.printedLine()).replace(gateways[0] ?? '', host.gateway);
    if (byCopy) expect((await host.run(line)).stderr).toMatch(/Nothing was run\. .*download https:\S+\.sh elsewhere/);
    const env = byProxy ? { HTTPS_PROXY: `http://${credentials}@${host.gateway}:${proxy.port}` } : {};
    const outcome = await host.run(byCopy ? await served.copyTo(host, line) : served.throughBalancer(line), env);
    expect(outcome.stderr).toContain('is installed and runs');
    expect(outcome.exitCode).toBe(0);
  };
  /** The processes of the sensor, by their folders below the host’s own /proc. */
  const processesOf = async (name: string): Promise<string[]> => {
    const each = 'for p in /proc/[0-9]*; do grep -q /[s]ensor.js "$p/cmdline" 2>/dev/null && echo "$p"; done; :';
    return (await hostOf(name).run(each)).stdout.split('\n').filter((line) => line !== '');
  };

  /** The sensor itself, which its loop waits for; scans are children of it. */
  const mainProcess = async (name: string): Promise<string> =>
    (
      await hostOf(name).run('loop=$(cat /run/parapet-sensor.pid) && cat /proc/$loop/task/$loop/children')
    ).stdout.trim();

  describe.each(kinds)('$name', (kind) => {
    const { name, needs, distribution } = kind;
    describeWith(needs, 'is added and seen', () => {
      beforeAll(async () => {
        const index = kinds.indexOf(kind);
        hosts.set(name, await startBareHost(name, (await prepared.get(name)) ?? '', index));
      });

      it('by the line that the page makes, without Node, a C library or the key in an argument', async () => {
        expect((await hostOf(name).run('command -v node')).stdout).toBe('');
        await install(kind);
        const sensor = await online(name);
        ids.set(name, sensor.hostId);
        expect(sensor).toMatchObject({ hostname: name, version: programVersion, enrolment: 'new' });
        const asset = await eventually('the facts of the host', async () => {
          const found = await get(`/api/v1/assets/${sensor.hostId}`);
          return found.distribution === undefined ? undefined : found;
        });
        expect(asset.distribution).toMatch(distribution);
      });

      it('with its processes and its packages', async () => {
        const hostId = ids.get(name);
        await eventually('processes of the host', async () => {
          const { items } = await get(`/api/v1/assets/${hostId}/processes`);
          return JSON.stringify(items).includes('sleep 1000');
        });
        const ended = async () => {
          const { items } = await get(`/api/v1/scans?assetId=${hostId}`);
          return items.find(({ state }: { state: string }) => state === 'done' || state === 'failed');
        };
        const scan = await eventually('the scan of the host', ended, longMs);
        expect(scan).toMatchObject({ state: 'done' });
      });

      it('keeps settings and state to root', async () => {
        const files = '/etc/parapet/sensor.env /var/lib/parapet/sensor/identity.json';
        expect((await hostOf(name).run(`ls -ld ${files} | cut -c 1-10`)).stdout).toBe('-rw-------\n-rw-------\n');
        expect((await hostOf(name).run('cat /etc/parapet/sensor.env')).stdout).not.toContain('ppk_');
      });
    });
  });

  it('reaches the console by its proxy alone', async () => {
    const [kind] = able.filter(({ byProxy }) => byProxy);
    if (kind === undefined) return;
    expect(new Set(proxy.asked)).toEqual(new Set([`${hostOf(kind.name).gateway}:${served.running().port}`]));
    expect((await sensorOf(kind.name)).address).toMatch(/127\.0\.0\.1|10\.77\./);
  });

  it('is repaired by the same line, and stays the same host', async () => {
    const [kind] = able;
    if (kind === undefined) return;
    const host = hostOf(kind.name);
    await host.run('echo broken > /opt/parapet-sensor/current/sensor.js');
    await install(kind);
    const check = 'cd /opt/parapet-sensor/current && sha256sum -c SHA256SUMS >/dev/null && echo whole';
    expect((await host.run(check)).stdout).toBe('whole\n');
    expect((await online(kind.name)).hostId).toBe(ids.get(kind.name));
  });

  // While it is away the next tests go on.
  let mend: (() => Promise<void>) | undefined;
  const [lost] = able;
  describeWith([programOf('nft')], 'a network that is lost', () => {
    it('is cut', async () => {
      mend = lost === undefined ? undefined : await hostOf(lost.name).cutOff();
    });
  });

  describeWith([dockerDaemon], 'a Docker host', () => {
    let sensor: DockerSensor;
    const name = 'the host of Docker';
    const ownSensor = async () =>
      (await get('/api/v1/sensors')).items.find(
        ({ program }: { program?: { kind: string } }) => program?.kind === 'container',
      );

    beforeAll(async () => {
      sensor = await startNeighbour();
    });
    afterAll(() => sensor?.dispose());

    it('runs the sensor as a container by the printed line; host, processes and containers are seen', async () => {
      const outcome = await sensor.run(await served.printedLine('docker'));
      expect(outcome.stderr).toContain('runs as the container parapet-sensor');
      await eventually(name, async () => (await ownSensor())?.presence === 'online');
      await eventually('the container beside it', async () => {
        const { items } = await get(`/api/v1/assets?kind=container&q=${sensor.neighbourName}`);
        return items[0]?.status === 'running';
      });
      // Connection tracking is known to work once it told of something; which logs of logins there are depends on the host.
      const atWork = ({ name, state }: { name: string; state: string }): boolean =>
        state === 'running' || name === 'logins';
      const { hostId, collectors } = await eventually('all collectors at work', async () => {
        const found = await ownSensor();
        if (!found.collectors.every(atWork)) throw new Error(JSON.stringify(found.collectors));
        return found;
      });
      expect(collectors.map((each: { name: string }) => each.name)).toEqual(
        expect.arrayContaining(['docker', 'host', 'network', 'process']),
      );
      await eventually('processes of the host', async () => {
        const { items } = await get(`/api/v1/assets/${hostId}/processes`);
        return JSON.stringify(items).includes('console.js');
      });
      expect(await docker('inspect', 'parapet-sensor')).not.toContain('ppk_');
    });

    it('finds the packages of the host and of images where they lie', async () => {
      const { hostId } = await ownSensor();
      const image = await sensor.imageAsset(get);
      for (const assetId of [hostId, image]) {
        const ended = async () => {
          const { items } = await get(`/api/v1/scans?assetId=${assetId}`);
          return items.find(({ state }: { state: string }) => ['done', 'partial', 'failed'].includes(state));
        };
        const scan = await eventually('the scan', ended, longMs);
        expect([assetId, scan.state, scan.message]).toEqual([
          assetId,
          expect.stringMatching(/done|partial/),
          scan.message,
        ]);
      }
      const facts = await get(`/api/v1/assets/${hostId}`);
      expect(facts.packageCount).toBeGreaterThan(100);
      // The host's own, not that of the image, which has none.
      expect(facts.distribution).toBe(/^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1]);
    });

    it('leaves by the same line', async () => {
      const line = (await served.printedLine('docker')).replace(/ parapet'$/, " parapet --uninstall'");
      expect((await sensor.run(line)).stderr).toContain('removed from this host');
      await eventually('the console shows it as removed', async () => (await ownSensor())?.presence === 'removed');
      expect(await docker('ps', '-aq', '--filter', 'name=parapet-sensor')).toBe('');
    });
  });

  describeWith([haproxy], 'people behind haproxy', () => {
    const stranger = '203.0.113.99';
    const signIn = (
      scheme: 'http' | 'https',
      port: number,
      username: string,
      headers: Readonly<Record<string, string>> = {},
    ) => {
      const own = {
        host: `127.0.0.1:${port}`,
        origin: `https://127.0.0.1:${port}`,
        'content-type': 'application/json',
      };
      const options = { port, method: 'POST', path: '/api/v1/session', headers: { ...own, ...headers } };
      return askFrom(scheme, options, { username, password: 'certainly not this one' });
    };
    /** The address under which the audit log has a refused sign-in. */
    const auditedAddress = async (username: string): Promise<string | undefined> => {
      const { items } = await get('/api/v1/audit?limit=50');
      return items.find((entry: { address?: string }) => JSON.stringify(entry).includes(username))?.address;
    };

    it('are named by the balancer in the audit log, and cannot name another, neither to it nor past it', async () => {
      const forged = { 'x-forwarded-for': stranger };
      expect((await signIn('https', served.balancerPort, 'through-tcp')).status).toBe(401);
      await signIn('https', served.balancerPort, 'forged-header', forged);
      await signIn('https', served.running().port, 'forged-direct', forged);
      for (const username of ['through-tcp', 'forged-header', 'forged-direct']) {
        expect([username, await auditedAddress(username)]).toEqual([username, clientAddress]);
      }
      const said = await new Promise<string>((resolve) => {
        let text = '';
        const socket = connect({ port: served.running().port, host: '127.0.0.1', localAddress: clientAddress });
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
        });
        socket.on('error', () => undefined).on('close', () => resolve(text));
        socket.write(`PROXY TCP4 ${stranger} 127.0.0.1 1 2\r\n`);
      });
      expect(said).toBe('');
    });

    it('come through an HTTP proxy, whose word on its client counts and the client’s own does not', async () => {
      const answer = await signIn('http', served.httpProxyPort, 'through-http', { 'x-forwarded-for': stranger });
      expect(answer.status).toBe(401);
      expect(await auditedAddress('through-http')).toBe(clientAddress);
    });
  });

  describeWith([programOf('nft')], 'a host whose network was lost', () => {
    it('is told from one that stopped, and is back by itself', async () => {
      if (lost === undefined || mend === undefined) return;
      const silent = async () => {
        const found = await sensorOf(lost.name);
        return found.presence === 'unknown' ? found : undefined;
      };
      const away = await eventually('silence', silent, longMs);
      expect(away.cause).toMatch(/its connection was never closed: the network in between, or the host, is down/);
      await mend();
      expect((await online(lost.name)).hostId).toBe(ids.get(lost.name));
    });
  });

  describe('a new version of the console', () => {
    let before: readonly string[];

    it('takes over the data; while the old one stops, it says so first', async () => {
      before = await Promise.all(able.map(({ name }) => mainProcess(name)));
      const { drained, exitCode, version } = await served.upgrade();
      expect(drained).toBe(503);
      expect(exitCode).toBe(0);
      for (const { name } of able) expect(await online(name)).toMatchObject({ standing: 'outdated' });
      expect((await get('/api/v1/sensor-upgrades')).release.version).toBe(version);
    });

    it('makes its hosts the new version too, in the same process, with the old one kept beside it', async () => {
      await served.makeArchive();
      const hostIds = able.map(({ name }) => ids.get(name));
      await get('/api/v1/sensor-upgrades', { hostIds });
      const upgrades = await eventually(
        'the rollout',
        async () => {
          const [rollout] = (await get('/api/v1/sensor-upgrades')).rollouts;
          return rollout?.state === 'running' ? undefined : rollout?.upgrades;
        },
        longMs,
      );
      const states = upgrades.map(({ state }: { state: string }) => state);
      expect(states, JSON.stringify(upgrades)).toEqual(able.map(() => 'done'));
      for (const [index, { name }] of able.entries()) {
        const sensor = await online(name);
        expect(sensor).toMatchObject({ hostId: ids.get(name), version: '0.2.0', standing: 'current' });
        expect(await mainProcess(name)).toBe(before[index]);
        const versions = await hostOf(name).run('cd /opt/parapet-sensor && readlink current && ls versions');
        expect(versions.stdout.replace(/-[0-9a-f]{12}$/gm, '')).toBe('versions/0.2.0\n0.1.0\n0.2.0\n');
        const { blind } = await get(`/api/v1/sensors/${sensor.hostId}`);
        const causes = blind
          .filter(({ collector }: { collector: string }) => collector === 'sensor')
          .map(({ cause }: { cause: string }) => cause);
        expect(causes).toContain('The sensor was stopped for an upgrade.');
      }
    });
  });

  it.each(able)('$name says goodbye for good and leaves nothing behind', async ({ name }) => {
    const host = hostOf(name);
    const removed = await host.run('/opt/parapet-sensor/current/bin/parapet-sensor uninstall');
    expect(removed.stderr).toContain('removed from this host');
    await eventually('the console shows it as removed', async () => (await sensorOf(name))?.presence === 'removed');
    const left = await host.run(
      'for f in /opt/parapet-sensor /etc/parapet /var/lib/parapet /run/parapet-sensor.pid; do [ ! -e $f ] || echo $f; done',
    );
    expect(left.stdout).toBe('');
    expect(await processesOf(name)).toEqual([]);
    expect((await get('/api/v1/trust')).hosts.silent).toBe(0);
  });
});
