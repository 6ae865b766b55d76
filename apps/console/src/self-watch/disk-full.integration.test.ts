import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConfig } from '../config/config.ts';
import { parseEnvironment } from '../config/env.ts';
import { type Console, startConsole } from '../context/console.ts';
import { tellEvents } from '../telemetry/testing/tell-events.ts';
import { connectSensor, enrolSensor, type FakeSensor } from '../testing/fake-sensor.ts';
import { hostRecord, processRecord } from '../testing/records.ts';
import { adminName, adminPassword, cookieOf, testHost } from '../testing/test-console.ts';
import { testRunAs } from '../testing/test-server.ts';
import { readSpace } from './disk.ts';

const mebibyte = 1024 * 1024;
const origin = `https://${testHost}`;
const frames = 60;
const exec = { 'event.action': 'exec', 'process.name': 'nc', 'process.pid': 7 } as const;
const madeRoom = 'deleted to make room: the console’s disk was nearly full';

describeWith([root, programOf('mount')], 'on a file system that fills', () => {
  let folder: string;
  let running: Console;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ppt-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', folder]);
    chmodSync(folder, 0o711);
    const config = createConfig(
      parseEnvironment({
        PARAPET_DATA_DIR: join(folder, 'data'),
        PARAPET_HOST: '127.0.0.1',
        PARAPET_PORT: '0',
        PARAPET_WEB_DIR: join(folder, 'web'),
      }),
    );
    running = await startConsole(config, {
      database: { runAs: testRunAs },
      rateLimits: { signIn: 1e5, links: 1e5, general: 1e5 },
    });
  });
  afterAll(async () => {
    rmSync(join(folder, 'filler'), { force: true });
    await running[Symbol.asyncDispose]();
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });

  const send = async (method: 'GET' | 'POST', url: string, body?: object, headers = {}) => {
    const answer = await running.web.app.inject({
      method,
      url,
      headers: { host: testHost, origin, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: answer.statusCode, headers: answer.headers, json: JSON.parse(answer.body) };
  };
  const diskState = async (): Promise<string> => (await send('GET', '/readyz')).json.checks.disk;
  const becomes = (state: string) => eventually(`the disk is ${state}`, async () => (await diskState()) === state);

  /** Takes room until only so much is left; 0 writes until the file system refuses. */
  const fill = (leaveBytes: number): void => {
    const file = openSync(join(folder, 'filler'), 'a');
    const chunk = Buffer.alloc(mebibyte);
    try {
      for (;;) {
        const { bavail, bsize } = statfsSync(folder);
        if (bavail * bsize - leaveBytes < mebibyte) break;
        writeSync(file, chunk);
      }
      if (leaveBytes === 0) while (writeSync(file, chunk.subarray(0, 4096)) > 0);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  };

  test('nothing acknowledged is lost; reading and signing in go on; it starts again by itself', async () => {
    const { url } = await running.adminLink();
    const link = { secret: new URL(url).hash.slice(1), username: adminName, password: adminPassword };
    expect((await send('POST', '/api/v1/links/use', link)).status).toBe(200);
    expect(await diskState()).toBe('ok');
    const sensor = await streamFrames();
    const { telemetry, platform } = running;
    const tell = (minutesAgo: number) =>
      tellEvents(telemetry, sensor.hostId, [[{ '@timestamp': (Date.now() - minutesAgo * 60_000) * 1000, ...exec }]]);
    // An old event and a young one, in a file each.
    await tell(2 * 24 * 60);
    await tell(5);

    // Nearly full: events older than a day make room, younger ones stay.
    const { totalBytes } = await readSpace(folder);
    fill(totalBytes * 0.12);
    await becomes('tight');
    await telemetry.store.tidy();
    expect(await hunted()).toMatchObject({
      items: [{ 'event.action': 'exec' }],
      gaps: expect.arrayContaining([expect.objectContaining({ collector: 'store', deleted: 1, cause: madeRoom })]),
    });
    await eventually('the first frames are acknowledged', async () => sensor.acked() >= 10);

    // Intake stops, and the reserve (a twentieth of 512 MiB) goes to the database, which still writes.
    fill(24 * mebibyte);
    await becomes('full');
    expect((await send('GET', '/readyz')).status).toBe(200);
    expect(existsSync(join(folder, 'data/reserve'))).toBe(false);
    sensor.resume();
    expect((await signIn()).status).toBe(200);
    // Events are not taken either, and what a person asks for that cannot be kept is refused with a sentence.
    const granted: number[] = [];
    const intake = telemetry.port.open({
      ...{ hostId: sensor.hostId, skewMs: () => 0, note: () => {}, refuse: () => {}, onFailed: () => {} },
      flow: ({ acked, limit }) => granted.push(limit - acked),
    });
    intake.grant();
    expect(granted).toEqual([0]);
    const admin = await signIn();
    const update = await send('POST', '/api/v1/feeds/update', undefined, cookieOf(admin));
    expect(update).toMatchObject({ status: 507, json: { error: { code: 'disk-full' } } });
    const stored = await storedSeq(sensor.hostId);
    expect(stored).toBeGreaterThanOrEqual(sensor.acked());
    expect(stored).toBeLessThan(frames);

    // Not a byte left: what cannot be written is refused with a sentence, and the console lives.
    fill(0);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        send('POST', '/api/v1/session', { username: 'nobody', password: 'wrong password here' }),
      ),
    );
    for (const { status, json } of answers) {
      if (status >= 500) expect(json.error.code).toMatch(/^(disk-full|database-away)$/);
    }
    expect((await send('GET', '/healthz')).status).toBe(200);

    rmSync(join(folder, 'filler'));
    await becomes('ok');
    await eventually('events are taken again', async () => (granted.at(-1) ?? 0) > 0);
    intake.close();
    await tell(1);
    expect((await hunted()).items).toHaveLength(2);
    await eventually('the sensor catches up', async () => sensor.acked() === frames);
    const { db } = platform;
    const rows = await db.selectFrom('processes').select('key').where('host_id', '=', sensor.hostId).execute();
    expect(rows).toHaveLength(frames - 1);
    expect(existsSync(join(folder, 'data/reserve'))).toBe(true);
    expect((await signIn()).status).toBe(200);
    sensor.stop();
  });

  const hunted = () => {
    const since = new Date(Date.now() - 3 * 24 * 3_600_000).toISOString();
    const query = { q: '', since, until: new Date(Date.now() + 60_000).toISOString(), limit: 10 };
    return running.telemetry.hunts.events(query, null);
  };

  const signIn = () => send('POST', '/api/v1/session', { username: adminName, password: adminPassword });

  const storedSeq = async (hostId: string): Promise<number> =>
    (
      await running.platform.db
        .selectFrom('sensors')
        .select('stream_seq')
        .where('host_id', '=', hostId)
        .executeTakeFirstOrThrow()
    ).stream_seq;

  /** A sensor that sends within its credit: the first 10 frames at once, the rest after `resume`. It comes back when it is sent away. */
  const streamFrames = async () => {
    const pem = readFileSync(join(running.platform.folder.keysDir, 'authority.pem'), 'utf8');
    const authorityPem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '';
    const place = { port: running.port, authorityPem };
    const enrolled = await enrolSensor(place, (await running.gateway.createLocalEnrolmentKey()).key);
    let [acked, upTo, stopped] = [0, 10, false];
    let current: FakeSensor | undefined;
    const linesOf = (seq: number): object[] =>
      seq === 1
        ? [
            { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 },
            { kind: 'put', record: hostRecord() },
            { kind: 'snapshot-end', records: 1 },
          ]
        : [{ kind: 'put', record: processRecord(`${seq}:1`) }];
    const connection = async (): Promise<void> => {
      const sensor = await connectSensor(place, enrolled);
      current = sensor;
      let [sent, limit] = [0, 0];
      for (const message of sensor.messages) if (message.kind === 'welcome') sent = message.inventory.seq;
      acked = Math.max(acked, sent);
      const push = setInterval(() => {
        for (const message of sensor.messages) {
          if (message.kind !== 'flow' || message.channel !== 'inventory') continue;
          if (message.epoch === 1) acked = Math.max(acked, message.acked);
          limit = Math.max(limit, message.epoch === 1 ? message.limit : 1);
        }
        while (sent < Math.min(upTo, limit)) {
          sent += 1;
          sensor.frame('inventory', 1, sent, linesOf(sent));
        }
      }, 20);
      await sensor.closed;
      clearInterval(push);
    };
    void (async () => {
      while (!stopped) await connection().catch(() => new Promise((resolve) => setTimeout(resolve, 200)));
    })();
    return {
      hostId: enrolled.answer.hostId,
      acked: () => acked,
      resume: () => {
        upTo = frames;
      },
      stop: () => {
        stopped = true;
        current?.terminate();
      },
    };
  };
});
