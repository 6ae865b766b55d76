import { createHash } from 'node:crypto';
import { fillFindings } from './fill-findings.ts';
import { fillGraph } from './fill-graph.ts';
import { fillRest } from './fill-rest.ts';
import { fillSoftware } from './fill-software.ts';
import type { Execute, StoreSize } from './store-size.ts';

/** 10,000 assets; 1,000,000 findings on the 2,000 hosts and images that hold packages; a container adds none of its own. */
export const budgetSize: StoreSize = {
  hosts: 1_000,
  images: 1_000,
  containersPerHost: 8,
  packagesEach: 400,
  findingsEach: 500,
  vulnerabilities: 20_000,
  products: 3_000,
  edges: 60_000,
};

/** The id of the asset or container with a number: `pg_temp.uid` of the statements below. */
export const idOf = (kind: 'asset' | 'container', n: number): string => {
  const hex = createHash('md5').update(`${kind}${n}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
};

/**
 * Fills an empty, migrated store by statements that run inside the server. Triggers and foreign keys are off meanwhile and
 * indexes of the large tables are made at the end, as a restore does it; roll-ups are then computed once.
 */
export const fillStore = async (execute: Execute, size: StoreSize): Promise<void> => {
  await execute(`set statement_timeout = 0; set session_replication_role = replica; set maintenance_work_mem = '512MB'; set work_mem = '128MB';
    create function pg_temp.share(n bigint, salt integer) returns double precision language sql immutable as
      'select (hashint8extended(n, salt) & 1048575) / 1048575.0';
    create function pg_temp.uid(name text) returns uuid language sql immutable as
      $body$ select overlay(overlay(md5(name) placing '4' from 13) placing '8' from 17)::uuid $body$;
    create temp table kept_indexes as select indexname, indexdef from pg_indexes
      where schemaname = 'public' and tablename in ('findings', 'asset_packages', 'processes', 'edges', 'edge_intervals')
      and not exists (select 1 from pg_constraint c where c.conindid = (quote_ident(indexname))::regclass);
    do $$ declare i record; begin for i in select * from kept_indexes loop execute 'drop index ' || quote_ident(i.indexname); end loop; end $$`);
  await fillGraph(execute, size);
  await fillSoftware(execute, size);
  await fillFindings(execute, size);
  await fillRest(execute, size);
  await execute(
    'do $$ declare i record; begin for i in select * from kept_indexes loop execute i.indexdef; end loop; end $$',
  );
  for (const statement of ['set session_replication_role = origin', 'vacuum analyze', 'checkpoint'])
    await execute(statement);
};
