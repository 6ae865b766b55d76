import { sql } from 'kysely';
import type { Console } from '../../apps/console/src/context/console.ts';
import type { Database } from '../../apps/console/src/database/database.ts';
import { createFakeContent } from '../../apps/console/src/findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory } from '../../apps/console/src/findings/testing/inventory.ts';
import { createSbomReceiver } from '../../apps/console/src/sboms/receive-sbom.ts';
import { tellEvents } from '../../apps/console/src/telemetry/testing/tell-events.ts';
import { readPolicy, savePolicy } from '../../apps/console/src/telemetry-policy/policy-versions.ts';
import { benchScope, type Subjects } from './cases.ts';
import { idOf } from './fill.ts';
import type { StoreSize } from './store-size.ts';

/** Events of the last hour, told by so many hosts in frames of 500. */
export const eventStoreSize = { hosts: 50, eventsEach: 2_000 } as const;

/** Chooses what is asked about, and adds what a filled database alone does not have: two package lists of a host, and events. */
export const prepareSubjects = async (running: Console, size: StoreSize): Promise<Subjects> => {
  const { db } = running.platform;
  const host = idOf('asset', 26);
  const image = idOf('asset', size.hosts + 26);
  await fillEvents(running);
  const { container, process } = await listedProcess(db, host);
  return {
    ...{ size, host, image, container, process, eventful: host },
    policyVersion: await savedPolicy(db),
    finding: await one(
      db,
      sql`select id::text as value from findings where asset_id = ${image}::uuid and status = 'open' order by risk desc limit 1`,
    ),
    vulnerability: await one(db, sql`select key as value from vulnerabilities where id = 4321`),
    product: await one(db, sql`select name as value from products where id = 1207`),
    fix: await one(db, sql`select key as value from fixes where id = 1207`),
    listed: await listTwice(db, size.packagesEach),
  };
};

/** A process of the host that runs in a container, and that container; folders that were filled earlier hold keys of another form. */
const listedProcess = async (db: Database, host: string): Promise<Pick<Subjects, 'container' | 'process'>> => {
  const found = await one(
    db,
    sql`select container_id || '|' || key as value from processes
      where host_id = ${host}::uuid and container_id is not null and ended_at is null and key ~ '^[0-9]+:[0-9]+$' order by id limit 1`,
  );
  const [container = '', process = ''] = found.split('|');
  if (process === '') throw new Error('No process of the filled store has a key as sensors tell it: fill it anew.');
  return { container, process };
};

const savedPolicy = async (db: Database): Promise<string> => {
  const { version } = await readPolicy(db);
  await savePolicy(db, { basedOn: version, rules: [], at: new Date(), by: 'bench' });
  return String(version + 1);
};

const listTwice = async (db: Database, packages: number): Promise<Subjects['listed']> => {
  const labels = { team: benchScope.team[0] ?? '' };
  const host = await createInventory(db).host(`listed-${Date.now()}`, labels);
  let now = Date.now() - 7_200_000;
  const receive = createSbomReceiver({
    db,
    content: createFakeContent(),
    live: { publish: () => undefined },
    clock: { now: () => now },
  });
  for (const changed of [0, 20]) {
    const listed = Array.from({ length: packages }, (_, place) =>
      aPackage(`part-${place}`, place < changed ? '2.0' : '1.0', [`/usr/lib/part-${place}.so`]),
    );
    const received = await receive({ assetId: host, reporterHostId: host, document: anSbom('host', listed) });
    if (!received.ok) throw new Error(received.error.message);
    now += 3_600_000;
  }
  const earlier = await one(
    db,
    sql`select id::text as value from sboms where asset_id = ${host}::uuid order by current, received_at limit 1`,
  );
  return { host, earlier };
};

const fillEvents = async ({ telemetry }: Console): Promise<void> => {
  const { hosts, eventsEach } = eventStoreSize;
  const from = Date.now() - 3_500_000;
  for (let place = 0; place < hosts; place += 1) {
    const events = Array.from({ length: eventsEach }, (_, round) => ({
      '@timestamp': (from + Math.round((round * 3_400_000) / eventsEach)) * 1000,
      'event.action': 'exec' as const,
      'process.name': round % 500 === 7 ? 'nc' : `program-${round % 40}`,
      'process.executable': `/usr/bin/program-${round % 40}`,
      'process.command_line': `/usr/bin/program-${round % 40} --round ${round}`,
      'process.pid': 1000 + (round % 40),
      'process.entity_id': `${1000 + (round % 40)}:77`,
      'process.parent.entity_id': round % 40 > 7 && round % 40 < 13 ? '1007:77' : '1:1',
      'user.id': round % 5,
    }));
    const frames = Array.from({ length: Math.ceil(eventsEach / 500) }, (_, at) =>
      events.slice(at * 500, at * 500 + 500),
    );
    await tellEvents(telemetry, idOf('asset', 1 + place), frames);
  }
};

const one = async (db: Database, query: ReturnType<typeof sql>): Promise<string> => {
  const { rows } = await query.execute(db);
  return String((rows[0] as { value?: unknown } | undefined)?.value ?? '');
};
