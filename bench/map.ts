import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../apps/console/src/database/database.ts';
import { createAssetIndex } from '../apps/console/src/graph/asset-index/asset-index.ts';
import { createEdgeIndex } from '../apps/console/src/graph/edge-index/edge-index.ts';
import { openGraph } from '../apps/console/src/graph/graph-in-memory.ts';
import { readChanges } from '../apps/console/src/graph/map/changes.ts';
import { readPaths } from '../apps/console/src/graph/map/path.ts';
import { buildView } from '../apps/console/src/graph/map/view.ts';
import { momentOf } from '../apps/console/src/graph/moment.ts';
import { createScopeFilter } from '../apps/console/src/graph/scope-filter.ts';
import { silentLog } from '../apps/console/src/logging/log.ts';
import { createTestDatabase } from '../apps/console/src/testing/test-database.ts';

export type FleetSize = {
  readonly zones: number;
  readonly hosts: number;
  readonly containersPerHost: number;
  readonly edges: number;
};

/** The budget of the design: 50,000 nodes and 200,000 edges behind the map. */
const budgetFleet: FleetSize = { zones: 10, hosts: 1_000, containersPerHost: 49, edges: 200_000 };

type Measured = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly nodes: number;
  readonly edges: number;
  readonly kilobytes: number;
};

/** Times the views of a large fleet on a real PostgreSQL. Milliseconds; 20 runs each after one warm-up. */
export const run = async (): Promise<Readonly<Record<string, number>>> => {
  await using store = await createTestDatabase();
  const fleet = await fillFleet(store.db, budgetFleet);
  const inScope = createScopeFilter(null);
  const deps = { db: store.db, log: silentLog };
  const indexes = { edgeIndex: createEdgeIndex(deps), assetIndex: createAssetIndex(deps) };
  const now = Date.now();
  const live = momentOf(undefined, now);
  const past = momentOf(new Date(now - 3_600_000).toISOString(), now);
  const [host = '', container = ''] = [fleet.hosts[5], fleet.containers[7]];
  const view = (open: readonly string[], moment = live, extra = {}) =>
    measure(() =>
      buildView(store.db, moment, inScope, { open, hops: 1, ...extra }, openGraph(store.db, indexes, null, moment)),
    );
  const scope = { team: ['team-1'] };
  const day = { from: new Date(now - 86_400_000), to: new Date(now), buckets: 96 };
  const measured = {
    fleet: await view([]),
    zone: await view(['zone:zone-0']),
    host: await view([`host:${host}`]),
    container: await view([`container:${container}`]),
    neighbourhood: await view([], live, { focus: `container:${container}`, hops: 2 }),
    pastFleet: await view([], past),
    pastHost: await view([`host:${host}`], past),
    scopedFleet: await measure(() =>
      buildView(
        store.db,
        live,
        createScopeFilter(scope),
        { open: [], hops: 1 },
        openGraph(store.db, indexes, scope, live),
      ),
    ),
    path: await measure(async () => ({ nodes: await readPaths(store.db, live, inScope, container), edges: [] })),
    changesOfADay: await measure(async () => ({
      nodes: (await readChanges(store.db, null, day)).buckets,
      edges: [],
    })),
  };
  return {
    ...named('behind', { nodes: budgetFleet.hosts * (1 + budgetFleet.containersPerHost), edges: budgetFleet.edges }),
    ...Object.assign({}, ...Object.entries(measured).map(([name, figures]) => named(name, figures))),
  };
};

/** `{fleet: {p50Ms}}` as `{fleetP50Ms}`. */
const named = (name: string, figures: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [`${name}${key[0]?.toUpperCase()}${key.slice(1)}`, value]),
  );

const runs = 20;

const measure = async (
  action: () => Promise<{ readonly nodes: readonly unknown[]; readonly edges: readonly unknown[] }>,
): Promise<Measured> => {
  const first = await action();
  const times: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    const begin = performance.now();
    await action();
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0);
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    nodes: first.nodes.length,
    edges: first.edges.length,
    kilobytes: Math.round(JSON.stringify(first).length / 1024),
  };
};

/** Fills a fleet: half of the edges stay in their zone, some lead to the Internet and to strangers, a tenth are over. */
export const fillFleet = async (
  db: Database,
  size: FleetSize,
): Promise<{ readonly hosts: readonly string[]; readonly containers: readonly string[] }> => {
  const images = Array.from({ length: 60 }, () => randomUUID());
  await sql`
    insert into assets (id, kind, key, name, status, first_seen_at, last_seen_at)
    select id, 'image', 'sha256:' || id, 'registry.example/app-' || n, 'present', now() - interval '1 day', now()
    from unnest(${images}::uuid[]) with ordinality as i (id, n)`.execute(db);
  const hosts = await sql<{ id: string }>`
    insert into assets (id, kind, key, name, status, zone, runtime_labels, risk, first_seen_at, last_seen_at)
    select gen_random_uuid(), 'host', 'host', 'node-' || lpad(n::text, 5, '0'), 'running', 'zone-' || n % ${size.zones},
      jsonb_build_object('role', (array['web', 'app', 'db', 'cache'])[1 + n % 4], 'team', 'team-' || n % 12),
      case when n % 3 = 0 then n % 100 end, now() - interval '1 day', now()
    from generate_series(0, ${size.hosts - 1}) n returning id`.execute(db);
  const hostIds = hosts.rows.map((row) => row.id);
  const containers = await sql<{ id: string }>`
    insert into assets (id, kind, host_id, key, name, status, image_id, zone, record, risk, first_seen_at, last_seen_at)
    select gen_random_uuid(), 'container', h.id, 'docker:' || h.id || n, 'app-' || n / 3 || '-' || n % 3, 'running',
      (${images}::uuid[])[1 + (n / 3) % 60], null, jsonb_build_object('imageName', 'registry.example/app-' || n / 3),
      case when n % 5 = 0 then (n * 7) % 100 end, now() - interval '20 hours', now()
    from unnest(${hostIds}::uuid[]) h (id) cross join generate_series(0, ${size.containersPerHost - 1}) n returning id`.execute(
    db,
  );
  await sql`insert into asset_intervals (asset_id, started_at) select id, first_seen_at from assets`.execute(db);
  await sql`
    insert into listeners (host_id, key, container_key, container_id, executable, protocol, address, port, started_at)
    select a.host_id, a.id || '|tcp', a.key, a.id, '/usr/bin/server', 'tcp', '0.0.0.0', 8000 + abs(hashtext(a.name)) % 20, now() - interval '20 hours'
    from assets a where a.kind = 'container'`.execute(db);
  await fillEdges(
    db,
    size,
    hostIds,
    containers.rows.map((row) => row.id),
  );
  await sql`analyze`.execute(db);
  return { hosts: hostIds, containers: containers.rows.map((row) => row.id) };
};

const fillEdges = async (
  db: Database,
  size: FleetSize,
  hosts: readonly string[],
  containers: readonly string[],
): Promise<void> => {
  await sql`
    with picked as (
      select n, (${containers}::uuid[])[1 + (n * 7919) % ${containers.length}] as source,
        (${containers}::uuid[])[1 + (n * 104729 + n / 97) % ${containers.length}] as target
      from generate_series(1, ${size.edges}::bigint) n
    )
    insert into edges (source_node, target_node, source_process, target_process, protocol, port, source_asset, target_asset,
      first_seen_at, last_seen_at, ended_at, connections, address_count)
    select case when n % 50 = 0 then 'internet' else 'container:' || source end,
      case when n % 50 = 1 then 'peer:zone-' || n % ${size.zones} || '|10.9.' || n % 40 || '.' || (n / 50) % 250 when n % 50 = 2 then 'internet' else 'container:' || target end,
      '/usr/bin/client', '/usr/bin/server', 'tcp', 8000 + n % 20,
      case when n % 50 = 0 then null else source end, case when n % 50 in (1, 2) then null else target end,
      now() - interval '19 hours', now(), case when n % 10 = 3 then now() - interval '30 minutes' end, 1 + n % 5000,
      case when n % 50 in (0, 2) then n % 300 end
    from picked where source <> target on conflict do nothing`.execute(db);
  await sql`insert into edge_intervals (edge_id, started_at, ended_at) select id, first_seen_at, ended_at from edges`.execute(
    db,
  );
  if (hosts.length === 0) throw new Error('A fleet has hosts.');
};
