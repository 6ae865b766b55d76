import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import { writeWhole } from '../../backup/backup-files.ts';
import { describeSource } from '../../backup/backup-source.ts';
import { writeBackup } from '../../backup/write-backup.ts';
import { createAdvisoryFiles } from '../../feeds/advisory-files.ts';
import { makeBundle } from '../../feeds/testing/make-bundle.ts';
import { anSbom, aPackage } from '../../findings/testing/inventory.ts';
import { silentLog } from '../../logging/log.ts';
import { createSbomReceiver } from '../../sboms/receive-sbom.ts';
import { programVersion } from '../../version.ts';
import { connectSensor, type Enrolled, enrolSensor, type FakeSensor } from '../fake-sensor.ts';
import {
  containerRecord,
  edgeRecord,
  hostRecord,
  imageRecord,
  listenerRecord,
  network,
  processRecord,
} from '../records.ts';
import { startTestConsole, type TestConsole, testHost } from '../test-console.ts';
import { releasedPassphrase } from './secrets.ts';

/**
 * Makes the data that a release leaves behind, as its console and its sensors write it: run by hand at each release (`node
 * apps/console/src/testing/released/make.ts`), kept for good, and upgraded by a test ever after.
 */
const make = async (): Promise<void> => {
  const target = join(import.meta.dirname, programVersion);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await using console = await startTestConsole();
  const headers = await console.signInAdmin();
  await makePeople(console, headers);
  const enrolled = await playSensor(console);
  await importFeeds(console, headers);
  await makeFindings(console, enrolled.answer.hostId, headers);
  const { platform } = console.console;
  const { config, folder, database } = platform;
  const request = await describeSource(
    { config, folder, address: database.address, clock: systemClock },
    { origin: 'manual', passphrase: releasedPassphrase, withFeeds: true, withEvents: true },
  );
  await writeWhole(target, 'console.tar', (sink) => writeBackup(request, sink));
  await keepFiles(folder.root, join(target, 'data-folder'));
  await keepSensorState(
    enrolled,
    folder.keysDir,
    join(import.meta.dirname, '../../../../sensor/src/state/released', programVersion),
  );
};

const asked = async (
  console: TestConsole,
  headers: Readonly<Record<string, string>>,
  method: 'POST',
  url: string,
  body: unknown,
) => {
  const answer = await console.send({ method, url, headers, body });
  if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`);
  return answer.json;
};

const makePeople = async (console: TestConsole, headers: Readonly<Record<string, string>>): Promise<void> => {
  const invited = await asked(console, headers, 'POST', '/api/v1/users', {
    username: 'grace',
    role: 'viewer',
    scope: { team: ['shop'] },
  });
  await asked(console, { origin: `https://${testHost}` }, 'POST', '/api/v1/links/use', {
    secret: new URL(invited.link.url).hash.slice(1),
    password: 'a viewer of the shop only',
  });
  await asked(console, headers, 'POST', '/api/v1/tokens', {
    ...{ name: 'pipeline', role: 'viewer', permissions: ['assets:read'], scope: null, expiresInDays: 365 },
  });
  await asked(console, headers, 'POST', '/api/v1/enrolment-keys', {
    name: 'fleet',
    zone: 'east',
    labels: { team: 'shop' },
    expiresInHours: 24,
  });
  await console.send({
    method: 'POST',
    url: '/api/v1/session',
    headers: { origin: `https://${testHost}` },
    body: { username: 'ada', password: 'wrong' },
  });
};

/** A host with a shop: one container that came and went, edges that moved, a program that listens. */
const playSensor = async (console: TestConsole): Promise<Enrolled> => {
  const { keysDir } = console.console.platform.folder;
  const authorityPem = (await readFile(join(keysDir, 'authority.pem'), 'utf8')).replace(
    /^[\s\S]*?(?=-----BEGIN CERT)/,
    '',
  );
  const place = { port: console.console.port, authorityPem };
  const { key } = await console.console.gateway.createLocalEnrolmentKey();
  const enrolled = await enrolSensor(place, key, { evidence: { hostname: 'web-01', machineId: 'a'.repeat(32) } });
  const sensor = await connectSensor(place, enrolled);
  const image = imageRecord('sha256:shop', { tags: ['registry.example/shop:1.4'] });
  const shop = containerRecord('docker:shop', {
    ...{ name: 'shop', imageKey: image.key, imageName: 'registry.example/shop:1.4', labels: { team: 'shop' } },
    networks: [network('172.17.0.2')],
  });
  const job = containerRecord('docker:job', { name: 'nightly-job', networks: [network('172.17.0.3')] });
  const records = [
    hostRecord({ hostname: 'web-01' }),
    ...[image, shop, job],
    processRecord('100:1', {
      containerKey: shop.key,
      name: 'shop',
      executable: '/usr/bin/shop',
      arguments: ['shop', '--serve'],
    }),
    listenerRecord(8080, { containerKey: shop.key, processKey: '100:1', executable: '/usr/bin/shop' }),
    edgeRecord('in', { direction: 'in', containerKey: shop.key, serverPort: 8080, executable: '/usr/bin/shop' }),
    edgeRecord('out', { containerKey: job.key, peer: { kind: 'internet', addresses: ['8.8.8.8'], addressCount: 1 } }),
  ];
  const put = (record: object): object => ({ kind: 'put', record });
  const begin = { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: Date.now() };
  sensor.frame('inventory', 1, 1, [begin, ...records.map(put), { kind: 'snapshot-end', records: records.length }]);
  await stored(sensor, 1);
  sensor.frame('inventory', 1, 2, [put({ ...job, state: 'exited', exitCode: 0, endedAt: Date.now() })]);
  await stored(sensor, 2);
  sensor.say('control', { kind: 'goodbye', reason: 'stop' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  sensor.terminate();
  return enrolled;
};

const stored = (sensor: FakeSensor, seq: number) =>
  sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.epoch === 1 && flow.acked === seq);

const importFeeds = async (console: TestConsole, headers: Readonly<Record<string, string>>): Promise<void> => {
  const bundle = makeBundle([
    { cve: 'CVE-2026-0001', package: 'openssl', fixed: '2.0' },
    { cve: 'CVE-2026-0002', package: 'zlib', fixed: '2.0' },
  ]);
  const answer = await console.send({
    ...{ method: 'POST', url: '/api/v1/feeds/import', payload: bundle },
    headers: { ...headers, 'content-type': 'application/octet-stream' },
  });
  if (answer.status >= 300) throw new Error(answer.text);
};

const makeFindings = async (
  console: TestConsole,
  hostId: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> => {
  const { db, folder } = console.console.platform;
  using files = createAdvisoryFiles({ db, databaseDir: folder.feedsDir, log: silentLog });
  await files.reload();
  const receive = createSbomReceiver({ db, content: files, live: { publish: () => undefined }, clock: systemClock });
  const packages = [
    aPackage('openssl', '1.0', ['/usr/lib/libssl.so.3']),
    aPackage('zlib', '1.0'),
    aPackage('bash', '5.2'),
  ];
  await receive({ assetId: hostId, reporterHostId: hostId, document: anSbom('host', packages) });
  const findings = await db
    .selectFrom('findings')
    .innerJoin('vulnerabilities as v', 'v.id', 'vulnerability_id')
    .select(['findings.id', 'v.key'])
    .execute();
  const zlib = findings.find(({ key }) => key === 'CVE-2026-0002');
  await asked(console, headers, 'POST', '/api/v1/findings/accept', {
    ...{
      ids: [zlib?.id],
      reason: 'Not reachable: nothing here unpacks foreign data.',
      until: '2099-12-31T00:00:00.000Z',
    },
  });
};

const keepFiles = async (root: string, target: string): Promise<void> => {
  await mkdir(target, { recursive: true });
  for (const name of ['version.json', 'feeds']) await cp(join(root, name), join(target, name), { recursive: true });
};

/** The files of a sensor's state folder, with the formats of this release. */
const keepSensorState = async (enrolled: Enrolled, keysDir: string, target: string): Promise<void> => {
  await mkdir(target, { recursive: true });
  const authorityPem = (await readFile(join(keysDir, 'authority.pem'), 'utf8')).replace(
    /^[\s\S]*?(?=-----BEGIN CERT)/,
    '',
  );
  const { hostId, certificatePem } = enrolled.answer;
  const files = {
    'identity.json': {
      format: 1,
      hostId,
      consoleUrl: 'https://console.example:8443',
      authorityPem,
      keyPem: enrolled.privateKeyPem,
      certificatePem,
    },
    'run.json': { format: 1, runId: '3d0b1ad6-9a52-4b21-8f6b-2f7a1f0a1f01', lastAliveAt: Date.now(), clean: true },
    'stream.json': { format: 1, epoch: 1 },
    'tasks.json': { format: 1, entries: [] },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(target, name), JSON.stringify(content));
};

await make();
process.exit(0);
