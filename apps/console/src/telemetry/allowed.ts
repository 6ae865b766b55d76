import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { hasLabels } from '../people/scope.ts';

/** Whose events somebody may see. */
export type Allowed = {
  readonly hosts: readonly string[];
  /** Runtime ids. */
  readonly containers: readonly string[];
  /** Also those of which only containers may be seen: files without any of them need not be read. */
  readonly allHosts: readonly string[];
};

/**
 * Events by the assets in a scope; `undefined` for somebody who sees everything. A host in scope brings its containers along, so
 * only those are named that have the labels while their host has not.
 */
export const allowedIn = async (db: Database, scope: Scope): Promise<Allowed | undefined> => {
  if (scope === null) return undefined;
  const { rows } = await sql<{ kind: 'host' | 'container'; id: string; host_id: string | null; key: string }>`
select kind, id, host_id, key from assets
where kind in ('host', 'container') and ${hasLabels(scope, 'assets')}`.execute(db);
  const hosts = rows.filter(({ kind }) => kind === 'host').map(({ id }) => id);
  const whole = new Set(hosts);
  const single = rows.filter(({ kind, host_id }) => kind === 'container' && host_id !== null && !whole.has(host_id));
  return {
    hosts,
    containers: single.map(({ key }) => key.slice(key.indexOf(':') + 1)),
    allHosts: [...new Set([...hosts, ...single.flatMap(({ host_id }) => (host_id === null ? [] : [host_id]))])],
  };
};

/** The same for events of some hosts alone: nothing is left to be asked of them where all of them are in scope. */
export const amongThose = (allowed: Allowed | undefined, named: readonly string[] | undefined): Allowed | undefined => {
  if (allowed === undefined || named === undefined) return allowed;
  const whole = new Set(allowed.hosts);
  const hosts = named.filter((host) => whole.has(host));
  return hosts.length === named.length ? undefined : { ...allowed, hosts };
};
