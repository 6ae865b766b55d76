import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root as checkout } from '../tools/build.ts';
import { type BareHost, makeBusyboxRoot, makeDebianRoot, startBareHost } from './support/bare-host.ts';
import { signInFirstAdmin } from './support/console-api.ts';
import { freePort, makeDataDir, type RunningParapet, removeDataDir, startParapet } from './support/parapet.ts';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

const kinds = [
  // Debian's BusyBox speaks TLS, but not to a certificate with an elliptic curve: script and archive are copied there.
  {
    name: 'bare-busybox',
    byCopy: true,
    make: makeBusyboxRoot,
    needs: [programOf('busybox')],
    distribution: 'BusyBox alone',
  },
  {
    name: 'minimal-debian',
    byCopy: false,
    make: makeDebianRoot,
    needs: [programOf('debootstrap')],
    distribution: /^Debian/,
  },
];

/** Every host meets the same console; what it made once it serves to all. */
describeWith([root, programOf('ip'), programOf('unshare')], 'adding another host by the printed line', () => {
  let dataDir: string;
  let running: RunningParapet;
  let get: Awaited<ReturnType<typeof signInFirstAdmin>>;
  const gateways = kinds.map((_, index) => `10.${77 + index}.${process.pid % 250}.1`);

  beforeAll(async () => {
    dataDir = await makeDataDir();
    const port = await freePort();
    running = await startParapet({
      ...{ dataDir, port, args: ['--no-sensor'] },
      env: { PARAPET_PUBLIC_URLS: gateways.map((address) => `https://${address}:${port}`).join(',') },
    });
    get = await signInFirstAdmin(running);
  });
  afterAll(async () => {
    await running?.stop();
    await removeDataDir(dataDir);
  });

  /** As an admin on the console's machine: one line with a fresh key in it. */
  const printedLine = async (gateway: string): Promise<string> => {
    const args = ['sensor-command', '--uses', '1', '--json', '--data-dir', dataDir];
    const printed = await execArgv([process.execPath, join(checkout, 'build/cli.js'), ...args], { timeoutMs: 120_000 });
    expect(printed.stderr).toBe('');
    const line: string = JSON.parse(printed.stdout).commands.linux;
    // Of the console's two networks here each host reaches one.
    return line.replace(gateways[0] ?? '', gateway);
  };
  /** What a person does for a host that cannot fetch: copies both files there and pipes the key in. */
  const copied = async (host: BareHost, line: string): Promise<string> => {
    const scriptUrl = /https:\/\/\S+\.sh/.exec(line)?.[0] ?? '';
    const script = await (await fetch(scriptUrl.replace(host.gateway, 'localhost'))).text();
    const hash = /^x64_hash=([0-9a-f]{64})$/m.exec(script)?.[1] ?? '';
    const archive = await fetch(`${running.url}/sensor/packages/${hash}.tar.gz`);
    await writeFile(join(host.root, 'tmp/install.sh'), script);
    await writeFile(join(host.root, 'tmp/archive'), Buffer.from(await archive.arrayBuffer()));
    return `${/^printf %s \S+ \| /.exec(line)?.[0]} sh /tmp/install.sh --archive /tmp/archive`;
  };
  const sensorOf = async (name: string) => (await get(`/api/v1/sensors?q=${name}`)).items[0];

  describe.each(kinds)('$name', ({ name, byCopy, make, needs, distribution }) => {
    describeWith(needs, 'from nothing to nothing', () => {
      let host: BareHost;
      let hostId: string;
      const exists = (path: string): Promise<boolean> =>
        access(join(host.root, path)).then(
          () => true,
          () => false,
        );

      beforeAll(async () => {
        host = await startBareHost(
          name,
          await make(),
          kinds.findIndex((each) => each.name === name),
        );
      });
      afterAll(() => host?.dispose());

      it('has neither Node nor the line’s key in any argument, and connects', async () => {
        expect((await host.run('command -v node || ls /lib64 2>/dev/null | grep -c musl')).stdout.trim()).not.toContain(
          'node',
        );
        const line = await printedLine(host.gateway);
        const installed = await host.run(byCopy ? await copied(host, line) : line);
        expect(installed.stderr).toContain('is installed and runs');
        expect(installed.exitCode).toBe(0);
        const sensor = await eventually('the host at the console', async () => {
          const found = await sensorOf(name);
          return found?.presence === 'online' ? found : undefined;
        });
        hostId = sensor.hostId;
        expect(sensor).toMatchObject({ hostname: name, version: '0.1.0', enrolment: 'new' });
        const asset = await eventually('the facts of the host', async () => {
          const found = await get(`/api/v1/assets/${hostId}`);
          return found.distribution === undefined ? undefined : found;
        });
        expect(asset.distribution).toEqual(
          typeof distribution === 'string' ? distribution : expect.stringMatching(distribution),
        );
      });

      it('scans itself with the program it came with', async () => {
        const scan = await eventually('the scan of the host', async () => {
          const { items } = await get(`/api/v1/scans?assetId=${hostId}`);
          return items.find(({ state }: { state: string }) => state === 'done' || state === 'failed');
        });
        expect(scan).toMatchObject({ state: 'done' });
      });

      it('is repaired by the same line, and stays the same host', async () => {
        await host.run('echo broken > /opt/parapet-sensor/current/sensor.js');
        const line = await printedLine(host.gateway);
        const again = await host.run(byCopy ? await copied(host, line) : line);
        expect(again.stderr).toContain('is installed and runs');
        expect(
          (await host.run('cd /opt/parapet-sensor/current && sha256sum -c SHA256SUMS >/dev/null && echo whole')).stdout,
        ).toBe('whole\n');
        await eventually('the host is back', async () => (await sensorOf(name))?.presence === 'online');
        expect((await sensorOf(name)).hostId).toBe(hostId);
      });

      it('keeps settings and state to root', async () => {
        const modes = await host.run(
          'ls -ld /etc/parapet/sensor.env /var/lib/parapet/sensor/identity.json | cut -c 1-10',
        );
        expect(modes.stdout).toBe('-rw-------\n-rw-------\n');
        expect((await host.run('cat /etc/parapet/sensor.env')).stdout).not.toContain('ppk_');
      });

      it('says goodbye for good and leaves nothing behind', async () => {
        const removed = await host.run('/opt/parapet-sensor/current/bin/parapet-sensor uninstall');
        expect(removed.stderr).toContain('removed from this host');
        await eventually('the console shows it as removed', async () => (await sensorOf(name))?.presence === 'removed');
        for (const path of ['opt/parapet-sensor', 'etc/parapet', 'var/lib/parapet', 'run/parapet-sensor.pid']) {
          expect([path, await exists(path)]).toEqual([path, false]);
        }
        expect((await host.run('ps | grep -c [s]ensor.js')).stdout.trim()).toBe('0');
        expect((await get('/api/v1/trust')).hosts.silent).toBe(0);
      });
    });
  });
});
