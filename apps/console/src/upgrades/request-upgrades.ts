import { randomUUID } from 'node:crypto';
import type { Scope } from '@parapet/contract/api';
import type { SensorArchive, SensorProgram } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import type { SensorArchives } from './archives.ts';
import { type Release, standingOf } from './version-standing.ts';

export type UpgradeRequest = {
  /** Hosts by id, or all that are outdated and can be upgraded from here. */
  readonly hosts: readonly string[] | 'outdated';
  readonly by: string;
  readonly at: Date;
};

export type RequestedUpgrades = {
  readonly rolloutId: string | undefined;
  readonly skipped: { hostId: string; reason: string }[];
};

/** A host that does not come back for so long is left as it is. */
const waitMs = 24 * 3_600_000;
const maxHosts = 10_000;

/** Asks for upgrades in one rollout. Says of each host left out why; without one that can be upgraded there is no rollout. */
export const requestUpgrades = async (
  deps: { readonly db: Database; readonly archives: SensorArchives; readonly release: Release },
  request: UpgradeRequest,
  scope: Scope,
): Promise<RequestedUpgrades> => {
  const { db, archives, release } = deps;
  const skipped: { hostId: string; reason: string }[] = [];
  const hosts = await readHosts(db, request.hosts, scope);
  if (request.hosts !== 'outdated') {
    const known = new Set(hosts.map(({ host_id }) => host_id));
    for (const hostId of request.hosts)
      if (!known.has(hostId)) skipped.push({ hostId, reason: 'There is no such host.' });
  }
  const wanted: { hostId: string; from: string; archive: SensorArchive }[] = [];
  for (const host of hosts) {
    const standing = standingOf(host, release);
    if (request.hosts === 'outdated' && standing !== 'outdated') continue;
    const obstacle = obstacleTo(host, standing);
    const archive = obstacle === undefined ? await archiveFor(archives, host.program) : obstacle;
    if (typeof archive === 'string') {
      // Of all that are outdated only those are meant that can be upgraded from here.
      if (request.hosts !== 'outdated') skipped.push({ hostId: host.host_id, reason: archive });
    } else if (archive.build === host.program?.build) {
      skipped.push({ hostId: host.host_id, reason: 'It runs this version already.' });
    } else wanted.push({ hostId: host.host_id, from: host.version, archive });
  }
  if (wanted.length === 0) return { rolloutId: undefined, skipped };
  const rolloutId = randomUUID();
  const begun = await db.transaction().execute(async (trx) => {
    await sql`
      insert into sensor_rollouts (id, requested_by, created_at, state)
      values (${rolloutId}, ${request.by}, ${request.at}, 'running')`.execute(trx);
    const { rows } = await sql<{ host_id: string }>`
      insert into sensor_upgrades (id, rollout_id, host_id, from_version, archive, state, deadline)
      select gen_random_uuid(), ${rolloutId}, x."hostId", x."from", x.archive, 'waiting',
        ${new Date(request.at.getTime() + waitMs)}
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as x ("hostId" uuid, "from" text, archive jsonb)
      on conflict do nothing returning host_id`.execute(trx);
    if (rows.length === 0) await sql`delete from sensor_rollouts where id = ${rolloutId}`.execute(trx);
    return new Set(rows.map((row) => row.host_id));
  });
  for (const { hostId } of wanted) {
    if (!begun.has(hostId)) skipped.push({ hostId, reason: 'An upgrade of it is already under way.' });
  }
  return { rolloutId: begun.size === 0 ? undefined : rolloutId, skipped };
};

/** Hosts that could be upgraded from here now: outdated, installed, not yet asked. */
export const readUpgradable = async (db: Database, release: Release, scope: Scope): Promise<string[]> => {
  const hosts = await readHosts(db, 'outdated', scope);
  return hosts
    .filter((host) => {
      const standing = standingOf(host, release);
      return standing === 'outdated' && obstacleTo(host, standing) === undefined && !host.busy;
    })
    .map((host) => host.host_id);
};

type Host = {
  readonly host_id: string;
  readonly version: string;
  readonly presence: string;
  readonly program: SensorProgram | null;
  readonly busy: boolean;
};

const readHosts = async (db: Database, hosts: UpgradeRequest['hosts'], scope: Scope): Promise<readonly Host[]> => {
  const named = hosts === 'outdated' ? sql`s.presence <> 'revoked'` : sql`s.host_id = any(${[...hosts]}::uuid[])`;
  const { rows } = await sql<Host>`
    select s.host_id, s.version, s.presence, s.program,
      exists (select 1 from sensor_upgrades u where u.host_id = s.host_id and u.state in ('waiting', 'sent', 'running')) as busy
    from sensors s where ${named} and ${inScope(scope, sql.ref('s.host_id'))}
    order by s.host_id limit ${maxHosts}`.execute(db);
  return rows;
};

const obstacleTo = (host: Host, standing: ReturnType<typeof standingOf>): string | undefined => {
  if (host.presence === 'revoked') return 'The certificate of its sensor was revoked.';
  if (standing === 'newer') return 'Its sensor is newer than this console: upgrade the console first.';
  const { program } = host;
  if (program === null) return 'Its sensor is too old to upgrade itself: run the command for a new host on it.';
  switch (program.kind) {
    case 'installed':
      return program.obstacle;
    case 'container':
      return 'It runs in a container: start it from the new image.';
    case 'with-console':
      return 'It was started with its console and gets its version from there.';
    case 'other':
      return 'It was not installed by the command of this console.';
  }
};

const archiveFor = async (archives: SensorArchives, program: SensorProgram | null): Promise<SensorArchive | string> => {
  const found = await archives.forArchitecture(program?.architecture ?? '');
  if (!found.ok) return found.error.message;
  const { path: _, ...archive } = found.value;
  return archive;
};
