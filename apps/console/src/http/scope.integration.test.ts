import { randomUUID } from 'node:crypto';
import { type RouteDefinition, type RouteName, routes } from '@parapet/contract/api';
import { systemClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage } from '../findings/testing/inventory.ts';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { tellEvents } from '../telemetry/testing/tell-events.ts';
import { startTestConsole, type TestAnswer, type TestConsole, type TestRequest } from '../testing/test-console.ts';
import { storeVex } from '../vex/vex-store.ts';

/**
 * Walks all scoped routes as somebody who may see team "mine" only. Everything of the others carries "theirs" in its name,
 * so a leak is seen in whatever an answer says. Both teams run one shared image.
 */
type World = {
  readonly host: string;
  readonly container: string;
  readonly image: string;
  readonly finding: string;
  readonly scan: string;
  readonly process: string;
  readonly rollout: string;
  readonly vex: string;
};

/** How a route is asked about one team's things. */
type Ask = (world: World, shared: Shared) => readonly Omit<TestRequest, 'headers' | 'method'>[];
type Shared = { readonly image: string; readonly finding: string };

const get = (...urls: readonly string[]): { url: string }[] => urls.map((url) => ({ url }));
const now = new Date().toISOString();
const year = new Date(Date.now() + 300 * 86_400_000).toISOString();
const dayAgo = new Date(Date.now() - 86_400_000).toISOString();
const lastDay = `since=${dayAgo}&until=${new Date(Date.now() + 3_600_000).toISOString()}`;

/** All scoped routes; a test says which one was forgotten. */
const asks: Readonly<Partial<Record<RouteName, Ask>>> = {
  'assets.list': (world) =>
    get(
      '/api/v1/assets?limit=500',
      '/api/v1/assets?q=theirs',
      `/api/v1/assets?hostId=${world.host}`,
      `/api/v1/assets?imageId=${world.image}`,
      `/api/v1/assets?at=${now}`,
    ),
  'assets.facets': () => get('/api/v1/assets/facets', '/api/v1/assets/facets?q=theirs'),
  'assets.get': (world, shared) => get(...assetUrls(world, '', shared)),
  'assets.label': (world) => [{ url: `/api/v1/assets/${world.host}/labels`, body: { labels: { seen: 'yes' } } }],
  'assets.processes': (world, shared) => get(...assetUrls(world, '/processes', shared)),
  'assets.edges': (world, shared) => get(...assetUrls(world, '/edges?includeEnded=true', shared)),
  'assets.packages': (world, shared) => get(...assetUrls(world, '/packages', shared)),
  'assets.sbom': (world, shared) => get(...assetUrls(world, '/sbom', shared)),
  'assets.packageLists': (world, shared) => get(...assetUrls(world, '/package-lists', shared)),
  'assets.packageChanges': (world, shared) => get(...assetUrls(world, `/package-changes?from=${world.scan}`, shared)),
  'assets.timeline': (world, shared) => get(...assetUrls(world, '/timeline', shared)),
  'packages.versions': () => get('/api/v1/packages?q=library', '/api/v1/packages?q=theirs&match=prefix'),
  'packages.places': () => get('/api/v1/packages/places?q=library', '/api/v1/packages/places?q=library&version=%3E0'),
  'search.all': (world) =>
    get('/api/v1/search?q=theirs', '/api/v1/search?q=shared', `/api/v1/search?q=${world.host}`, '/api/v1/search?q=CVE'),
  'map.view': (world, shared) =>
    get(
      '/api/v1/map',
      `/api/v1/map?at=${now}`,
      `/api/v1/map?open=host:${world.host}`,
      `/api/v1/map?open=host:${world.host},container:${world.container}`,
      `/api/v1/map?focus=container:${world.container}&hops=3`,
      `/api/v1/map?focus=host:${world.host}&open=host:${world.host}`,
      `/api/v1/map?focus=${shared.image}`,
    ),
  'map.edge': (world) =>
    get(
      `/api/v1/map/edge?source=internet&target=container:${world.container}`,
      `/api/v1/map/edge?source=host:${world.host}&target=container:${world.container}`,
    ),
  'map.path': (world) => get(`/api/v1/map/path?assetId=${world.container}`, `/api/v1/map/path?assetId=${world.host}`),
  'map.changes': () => get(`/api/v1/map/changes?from=${dayAgo}&to=${now}`),
  'findings.list': (world) =>
    get('/api/v1/findings?limit=500', '/api/v1/findings?q=theirs', `/api/v1/findings?assetId=${world.host}`),
  'findings.facets': () => get('/api/v1/findings/facets', '/api/v1/findings/facets?q=theirs'),
  'findings.groups': () =>
    get(...['fix', 'vulnerability', 'asset', 'package'].map((by) => `/api/v1/findings/groups?by=${by}`)),
  'findings.get': (world, shared) => get(`/api/v1/findings/${world.finding}`, `/api/v1/findings/${shared.finding}`),
  'findings.export': () => get('/api/v1/findings/export?format=csv', '/api/v1/findings/export?format=jsonl'),
  'findings.accept': (world) => [
    { url: '/api/v1/findings/accept', body: { ids: [world.finding], reason: 'known to us', until: year } },
  ],
  'findings.reopen': (world) => [{ url: '/api/v1/findings/reopen', body: { ids: [world.finding] } }],
  'findings.vex': () =>
    get(...['openvex', 'csaf', 'cyclonedx'].map((format) => `/api/v1/findings/vex?format=${format}`)),
  'vex.list': () => get('/api/v1/vex'),
  'vex.upload': () => [{ url: '/api/v1/vex?name=tried', payload: 'no document' }],
  'vex.download': (world) => get(`/api/v1/vex/${world.vex}`),
  'vex.remove': (world) => get(`/api/v1/vex/${world.vex}`),
  'scans.list': (world) => get('/api/v1/scans', `/api/v1/scans?assetId=${world.host}`),
  'scans.create': (world) => [{ url: '/api/v1/scans', body: { assetIds: [world.host, world.container] } }],
  'scans.upload': () => [{ url: '/api/v1/scans/upload?labels=team%3Dtheirs', payload: 'no scan' }],
  'scans.removeUpload': (world) => get(`/api/v1/scans/uploads/${world.host}`),
  'scans.cancel': (world) => get(`/api/v1/scans/${world.scan}/cancel`),
  'sensors.list': () => get('/api/v1/sensors', '/api/v1/sensors?q=theirs', '/api/v1/sensors?includeRevoked=true'),
  'sensors.get': (world) => get(`/api/v1/sensors/${world.host}`),
  'sensors.resync': (world) => get(`/api/v1/sensors/${world.host}/resync`),
  'sensors.revoke': (world) => [{ url: `/api/v1/sensors/${world.host}/revoke`, body: { reason: 'a try' } }],
  'sensorUpgrades.list': () => get('/api/v1/sensor-upgrades'),
  'sensorUpgrades.create': (world) => [
    { url: '/api/v1/sensor-upgrades', body: { hostIds: [world.host] } },
    { url: '/api/v1/sensor-upgrades', body: { outdated: true } },
  ],
  'sensorUpgrades.stop': (world) => get(`/api/v1/sensor-upgrades/${world.rollout}/stop`),
  'hunt.events': (world) =>
    get(
      `/api/v1/hunt/events?${lastDay}`,
      `/api/v1/hunt/events?${lastDay}&q=${encodeURIComponent(`host.id = ${world.host} or process.name exists`)}`,
    ),
  'hunt.histogram': () => get(`/api/v1/hunt/histogram?${lastDay}`),
  'hunt.values': () =>
    get(...['host.id', 'process.name'].map((field) => `/api/v1/hunt/values?${lastDay}&field=${field}`)),
  'hunt.fields': () => get('/api/v1/hunt/fields'),
  'hunt.export': () =>
    get(...['csv', 'ndjson', 'parquet'].map((format) => `/api/v1/hunt/export?${lastDay}&format=${format}`)),
  'hunt.accounts': (world) => get(`/api/v1/hunt/accounts/${world.host}?${lastDay}`),
  'forensics.get': (world) => get(...subjectsOf(world).map((subject) => `/api/v1/forensics?${subject}&${lastDay}`)),
  'forensics.evidence': (world) =>
    get(...subjectsOf(world).map((subject) => `/api/v1/forensics/evidence?${subject}&${lastDay}`)),
  'telemetryPolicy.get': () => get('/api/v1/telemetry-policy'),
  'telemetryPolicy.ofHost': (world) => get(`/api/v1/telemetry-policy/hosts/${world.host}`),
  'forensics.look': (world) => [
    { url: '/api/v1/forensics/look', body: { hostId: world.host, process: '70:1' } },
    { url: '/api/v1/forensics/look', body: { containerId: world.container } },
  ],
  'overview.get': () => get('/api/v1/overview', `/api/v1/overview?since=${dayAgo}`),
  'trust.get': () => get('/api/v1/trust'),
};

const assetUrls = (world: World, rest: string, shared: Shared): string[] =>
  [world.host, world.container, world.image, shared.image].map((id) => `/api/v1/assets/${id}${rest}`);

const subjectsOf = (world: World): string[] => [`hostId=${world.host}&process=70:1`, `containerId=${world.container}`];

const scopedNames = (Object.entries(routes) as [RouteName, RouteDefinition][])
  .filter(([, { access }]) => access.kind === 'permission' && access.scoped)
  .map(([name]) => name);

let running: TestConsole;
let mine: World;
let theirs: World;
let shared: Shared;
let scoped: Readonly<Record<string, string>>;
let everything: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await startTestConsole();
  // On a busy machine the console would plan scans of these hosts before the test adds its own.
  await running.console.platform.db
    .insertInto('console_settings')
    .values({
      name: 'scan-policy',
      value: JSON.stringify({ paused: true, everyHours: 24, scope: null }),
      updated_at: new Date(),
    })
    .execute();
  scoped = await running.tokenOf({ role: 'admin', scope: { team: ['mine'] } });
  everything = await running.tokenOf({ role: 'admin' });
  const image = await createGraphFixture(running.console.platform.db, new Date(dayAgo)).image('shared-image');
  mine = await makeWorld('mine', image);
  theirs = await makeWorld('theirs', image);
  const finding = await takeSbom(image, mine.host, 'shared-library');
  shared = { image, finding };
  // The last scan of the shared image was done by the others.
  await running.console.platform.db
    .insertInto('scans')
    .values({
      id: randomUUID(),
      asset_id: image,
      host_id: theirs.host,
      cause: 'schedule',
      state: 'done',
      created_at: new Date(Date.now() + 3_600_000),
      due_at: new Date(),
      deadline: new Date(),
    })
    .execute();
});
afterAll(() => running[Symbol.asyncDispose]());

const ask = (
  name: RouteName,
  request: Omit<TestRequest, 'headers' | 'method'>,
  headers = scoped,
): Promise<TestAnswer> => running.send({ ...request, method: routes[name].method, headers });

const asked = (name: RouteName, world: World, common: Shared = shared): ReturnType<Ask> =>
  asks[name]?.(world, common) ?? [];

describe('a caller with a scope', () => {
  test('every scoped route is asked', () => {
    expect(Object.keys(asks).sort()).toEqual([...scopedNames].sort());
  });

  // First, because the walk also changes what it may.
  test('counts only its own', async () => {
    const read = async (url: string) => (await running.send({ method: 'GET', url, headers: scoped })).json;
    const assets = await read('/api/v1/assets');
    // Host, container, replica, image and the shared image.
    expect(assets.total).toBe(5);
    const { facets } = await read('/api/v1/assets/facets');
    const kinds = facets.find(({ name }: { name: string }) => name === 'kind').values;
    expect(kinds.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(5);
    expect((await read('/api/v1/findings')).total).toBe(3);
    expect((await read('/api/v1/findings/facets')).total).toBe(3);
    expect((await read('/api/v1/findings/groups?by=fix')).findings).toBe(3);
    expect((await read(`/api/v1/assets/${shared.image}`)).containerCount).toBe(1);
    expect((await read('/api/v1/overview')).counts).toMatchObject({
      hosts: 1,
      containers: 2,
      images: 2,
      openFindings: 3,
    });
    // Seven records of the inventory and two telemetry events.
    expect(await read('/api/v1/trust')).toMatchObject({
      hosts: { total: 1 },
      lostEvents: 2,
      lostRecords: 7,
      blindHosts: 1,
    });
  });

  test.each(scopedNames)('%s says nothing of what is out of scope', async (name) => {
    const words = ['theirs', ...Object.values(theirs)];
    for (const request of [...asked(name, theirs), ...asked(name, mine)]) {
      const answer = await ask(name, request);
      expect.soft(answer.status, `${request.url}: ${answer.text.slice(0, 400)}`).toBeLessThan(500);
      // What the caller itself asked for may be repeated, e.g. in an error.
      const unsaid = words.filter((word) => !`${request.url}${JSON.stringify(request.body ?? '')}`.includes(word));
      for (const word of unsaid) expect.soft(answer.text, `${request.url} tells of ${word}`).not.toContain(word);
    }
  });

  test.each(scopedNames.filter((name) => asksById(name)))(
    '%s answers 404 or nothing for what is out of scope',
    async (name) => {
      for (const request of asked(name, theirs, { image: theirs.image, finding: theirs.finding })) {
        const answer = await ask(name, request);
        expect.soft([200, 404], `${request.url}: ${answer.text.slice(0, 300)}`).toContain(answer.status);
        if (answer.status === 200)
          expect.soft(isEmpty(answer.json), `${request.url}: ${answer.text.slice(0, 300)}`).toBe(true);
      }
    },
  );

  test('sees its own', async () => {
    for (const url of [
      `/api/v1/assets/${mine.host}`,
      `/api/v1/assets/${mine.container}`,
      `/api/v1/assets/${shared.image}`,
      `/api/v1/findings/${mine.finding}`,
      `/api/v1/findings/${shared.finding}`,
      `/api/v1/sensors/${mine.host}`,
      '/api/v1/sensor-upgrades',
    ]) {
      const answer = await running.send({ method: 'GET', url, headers: scoped });
      expect.soft(answer.status, `${url}: ${answer.text}`).toBe(200);
    }
  });

  test('changed nothing of the others by trying', async () => {
    const { db } = running.console.platform;
    const sensor = await db
      .selectFrom('sensors')
      .select('presence')
      .where('host_id', '=', theirs.host)
      .executeTakeFirst();
    expect(sensor).toEqual({ presence: 'online' });
    const finding = await db
      .selectFrom('findings')
      .select('status')
      .where('id', '=', theirs.finding)
      .executeTakeFirst();
    expect(finding).toEqual({ status: 'open' });
    const host = await db.selectFrom('assets').select('people_labels').where('id', '=', theirs.host).executeTakeFirst();
    expect(host).toEqual({ people_labels: {} });
    const scans = await db.selectFrom('scans').select(['id', 'state']).where('asset_id', '=', theirs.host).execute();
    expect(scans).toEqual([{ id: theirs.scan, state: 'waiting' }]);
    const rollout = await db.selectFrom('sensor_rollouts').select('state').where('id', '=', theirs.rollout).execute();
    expect(rollout).toEqual([{ state: 'running' }]);
  });

  test('without one, the same questions find everything: the walk can see a leak', async () => {
    for (const name of [
      'assets.list',
      'findings.list',
      'sensors.list',
      'scans.list',
      'sensorUpgrades.list',
      'map.view',
      'search.all',
      'hunt.events',
      'hunt.export',
      'forensics.get',
      'packages.versions',
      'packages.places',
    ] as const) {
      const answers = await Promise.all(asked(name, theirs).map((request) => ask(name, request, everything)));
      expect.soft(answers.map(({ text }) => text).join(), name).toContain('theirs');
    }
  });
});

const asksById = (name: RouteName): boolean => routes[name].path.includes('/:');

const isEmpty = (body: { items?: unknown[]; changed?: number }): boolean =>
  body.items?.length === 0 || body.changed === 0;

const aVexDocument = (team: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': `urn:vex:${team}`,
      author: `${team}-author`,
      statements: [
        { vulnerability: { name: `CVE-of-${team}` }, products: [{ '@id': `pkg:deb/${team}` }], status: 'fixed' },
      ],
    }),
  );

const makeWorld = async (team: string, sharedImage: string): Promise<World> => {
  const { db } = running.console.platform;
  const graph = createGraphFixture(db, new Date(dayAgo));
  const host = await graph.host(`${team}-host`, { labels: { team } });
  const image = await graph.image(`${team}-image`);
  const container = await graph.container(host, `${team}-web`, { image });
  const replica = await graph.container(host, `${team}-replica`, { image: sharedImage });
  await db
    .updateTable('assets')
    .set({ record: JSON.stringify({ kind: 'container', packageDatabases: [], privilege }) })
    .where('id', 'in', [container, replica])
    .execute();
  for (const imageId of [image, sharedImage]) {
    await db
      .insertInto('image_locations')
      .values({
        image_id: imageId,
        host_id: host,
        record: '{}',
        first_seen_at: new Date(dayAgo),
        last_seen_at: new Date(),
      })
      .execute();
  }
  await graph.process(host, { container, pid: 70, name: `${team}-process`, executable: `/usr/bin/${team}-process` });
  await graph.listener(host, { container, port: 8080, executable: `/usr/bin/${team}-process` });
  await graph.edge({
    from: 'internet',
    to: `container:${container}`,
    port: 8080,
    targetProcess: `/usr/bin/${team}-process`,
  });
  await graph.edge({
    from: `host:${host}`,
    to: `container:${container}`,
    port: 8080,
    sourceProcess: `/usr/bin/${team}-agent`,
  });
  await graph.edge({ from: `container:${replica}`, to: `container:${container}`, port: 5432 });
  await graph.edge({ from: `container:${container}`, to: `peer:${team}-zone|10.0.0.9`, port: 443 });
  await graph.blind(host, { from: new Date(dayAgo) }, `${team}-collector`);
  await db
    .insertInto('losses')
    .values({
      host_id: host,
      run_id: randomUUID(),
      collector: `${team}-collector`,
      stage: 'kernel',
      cause: `${team}-cause`,
      lost: 7,
      first_at: new Date(dayAgo),
      last_at: new Date(),
    })
    .execute();
  const finding = await takeSbom(host, host, `${team}-library`);
  await takeSbom(image, host, `${team}-image-library`);
  const { id: vex } = await storeVex(db, {
    ...{ document: aVexDocument(team), name: `${team}-vex.json`, scope: { team: [team] }, by: `${team}-person` },
    at: new Date(),
  });
  const scan = randomUUID();
  await db
    .insertInto('scans')
    .values({
      id: scan,
      asset_id: host,
      host_id: host,
      cause: 'person',
      requested_by: `${team}-person`,
      state: 'waiting',
      created_at: new Date(),
      due_at: new Date(Date.now() + 3_600_000),
      deadline: new Date(Date.now() + 7_200_000),
    })
    .execute();
  await tellEvents(running.console.telemetry, host, [
    [
      { '@timestamp': Date.now() * 1000, 'event.action': 'exec', 'process.name': `${team}-process` },
      {
        kind: 'account',
        collector: `${team}-collector`,
        ...{ since: Date.now() - 1000, to: Date.now(), produced: 3, told: 1, unwanted: 0 },
        lost: [{ stage: 'kernel', cause: `${team}-cause`, count: 2 }],
      },
    ],
  ]);
  const rollout = randomUUID();
  await db
    .insertInto('sensor_rollouts')
    .values({ id: rollout, requested_by: `${team}-person`, created_at: new Date(), state: 'running' })
    .execute();
  await db
    .insertInto('sensor_upgrades')
    .values({
      id: randomUUID(),
      rollout_id: rollout,
      host_id: host,
      from_version: '0.0.1',
      archive: JSON.stringify({ version: '0.1.0', build: `0.1.0-${team}` }),
      state: 'running',
      message: `${team}-message`,
      deadline: new Date(Date.now() + 7_200_000),
    })
    .execute();
  return { host, container, image, finding, scan, rollout, vex, process: `${team}-process` };
};

const privilege = {
  privileged: false,
  user: '1000',
  capabilitiesAdded: [],
  hostNetwork: false,
  hostPid: false,
  readOnlyRoot: false,
  hostMounts: [],
  runtimeSocket: false,
};

/** Stores an SBOM with one vulnerable package and returns the finding. */
const takeSbom = async (assetId: string, reporterHostId: string, name: string): Promise<string> => {
  const { db, live } = running.console.platform;
  const content = createFakeContent([{ vulnerability: `CVE-2026-${name}`, package: name, fixedVersion: '2.0' }]);
  const receive = createSbomReceiver({ db, content, live, clock: systemClock });
  const document = anSbom(assetId === reporterHostId ? 'host' : 'image', [
    aPackage(name, '1.0', [`/usr/lib/${name}.so`]),
  ]);
  const received = await receive({ assetId, reporterHostId, document });
  if (!received.ok) throw new Error(received.error.message);
  const finding = await db
    .selectFrom('findings')
    .select('id')
    .where('asset_id', '=', assetId)
    .executeTakeFirstOrThrow();
  return finding.id;
};
