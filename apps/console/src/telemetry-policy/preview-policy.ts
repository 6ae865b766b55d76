import type { PolicyPreview } from '@parapet/contract/api';
import {
  asksContainers,
  compileContainerTest,
  type TelemetryRules,
  unwantedActions,
} from '@parapet/contract/telemetry';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type HostLabels, rulesFor } from './host-policy.ts';

/** Beyond these a preview counts what it has read; a console is built for fewer. */
const maxHosts = 10_000;
const maxContainers = 100_000;

/** Which running hosts and containers each rule that is on may decide over. */
export const previewPolicy = async (db: Database, rules: TelemetryRules): Promise<PolicyPreview> => {
  const hosts = await readHosts(db);
  const needsContainers = rules.some(({ on, where }) => on && where !== 'host');
  const containers = needsContainers ? await readContainers(db) : [];
  return {
    rules: rules.map((rule) => {
      const mine = new Set(hosts.filter(({ labels }) => rulesFor([rule], labels).length > 0).map(({ id }) => id));
      const fits = compileContainerTest(rule);
      const isTouched = ({ hostId, ...facts }: Container): boolean => mine.has(hostId) && fits(facts);
      const touched = rule.where === 'host' ? [] : containers.filter(isTouched);
      const onlyContainers = rule.where === 'containers' || asksContainers(rule);
      return {
        name: rule.name,
        hosts: onlyContainers ? new Set(touched.map(({ hostId }) => hostId)).size : mine.size,
        containers: touched.length,
      };
    }),
    off: [...unwantedActions(rules.filter(({ on }) => on))],
  };
};

const readHosts = async (db: Database): Promise<readonly { readonly id: string; readonly labels: HostLabels }[]> => {
  const { rows } = await sql<{ id: string; labels: HostLabels }>`
    select a.id, a.effective_labels as labels from assets a join sensors s on s.host_id = a.id
    where s.presence not in ('revoked', 'removed') order by a.id limit ${maxHosts}`.execute(db);
  return rows;
};

type Container = { readonly hostId: string; readonly imageName: string; readonly labels: HostLabels };

/** By the labels of the runtime: those that people gave are not known on the host. */
const readContainers = async (db: Database): Promise<readonly Container[]> => {
  const { rows } = await sql<Container>`
    select host_id as "hostId", coalesce(record ->> 'imageName', '') as "imageName", runtime_labels as labels
    from assets where kind = 'container' and status = 'running' and host_id is not null
    order by id limit ${maxContainers}`.execute(db);
  return rows;
};
