import { type RawBuilder, sql } from 'kysely';

/** The moment that is asked for: now (live) or a past one. */
export type Moment = { readonly live: true; readonly at: Date } | { readonly live: false; readonly at: Date };

export const momentOf = (at: string | undefined, nowMs: number): Moment => {
  const asked = at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
  return asked >= nowMs ? { live: true, at: new Date(nowMs) } : { live: false, at: new Date(asked) };
};

/** An absence shorter than this does not break an edge: the same relation seen again before it is over was there all along. */
export const edgeGapMs = 5 * 60_000;

/** Whether the asset of the table alias was there. Silent hosts keep theirs: unknown is not gone. */
export const assetThere = (alias: string, moment: Moment): RawBuilder<boolean> => {
  const asset = sql.table(alias);
  if (moment.live) {
    return sql<boolean>`(${asset}.status in ('running', 'unknown') or (${asset}.kind = 'host' and ${asset}.status <> 'gone'))`;
  }
  return sql<boolean>`exists (select 1 from asset_intervals i where i.asset_id = ${asset}.id and i.started_at <= ${moment.at} and (i.ended_at is null or i.ended_at > ${moment.at}))`;
};

/** Whether the edge of the table alias was open. */
export const edgeThere = (alias: string, moment: Moment): RawBuilder<boolean> => {
  const edge = sql.table(alias);
  if (moment.live) return sql<boolean>`${edge}.ended_at is null`;
  return sql<boolean>`${edge}.id in (${edgesThere(moment)})`;
};

/** A query of the ids of the edges that were open at a past moment. */
export const edgesThere = (moment: Moment): RawBuilder<unknown> => {
  const gapStart = new Date(moment.at.getTime() - edgeGapMs);
  return sql`
    select i.edge_id from edge_intervals i
    where i.started_at <= ${moment.at} and (i.ended_at is null or i.ended_at > ${moment.at})
    union
    select i.edge_id from edge_intervals i join edge_intervals n on n.edge_id = i.edge_id
    where i.ended_at > ${gapStart} and i.ended_at <= ${moment.at}
      and n.started_at > ${moment.at} and n.started_at <= i.ended_at + interval '5 minutes'`;
};

/** The same, asked edge by edge: for the few edges of an asset, of which the intervals of all would take longer to find. */
export const eachEdgeThere = (alias: string, moment: Moment): RawBuilder<boolean> => {
  const edge = sql.table(alias);
  if (moment.live) return sql<boolean>`${edge}.ended_at is null`;
  const gapStart = new Date(moment.at.getTime() - edgeGapMs);
  return sql<boolean>`(
    select count(*) filter (where i.started_at <= ${moment.at} and (i.ended_at is null or i.ended_at > ${moment.at})) > 0
      or max(i.ended_at) filter (where i.ended_at > ${gapStart} and i.ended_at <= ${moment.at}) + interval '5 minutes'
        >= min(i.started_at) filter (where i.started_at > ${moment.at})
    from edge_intervals i where i.edge_id = ${edge}.id)`;
};

/** Whether a row with `started_at` and `ended_at` of its own (processes, listeners) was open. */
export const rowThere = (alias: string, moment: Moment): RawBuilder<boolean> => {
  const row = sql.table(alias);
  if (moment.live) return sql<boolean>`${row}.ended_at is null`;
  return sql<boolean>`(${row}.started_at <= ${moment.at} and (${row}.ended_at is null or ${row}.ended_at > ${moment.at}))`;
};

/** Whether nothing was heard of the host whose id is in the column: what runs there is unknown. */
export const hostSilent = (column: RawBuilder<unknown>, moment: Moment): RawBuilder<boolean> =>
  moment.live
    ? sql<boolean>`exists (select 1 from sensors s where s.host_id = ${column} and s.presence <> 'online')`
    : sql<boolean>`exists (select 1 from blind_intervals b where b.host_id = ${column} and b.collector = 'sensor' and b.started_at <= ${moment.at} and (b.ended_at is null or b.ended_at > ${moment.at}))`;

/** From when on nothing is heard of the host whose id is in the column; null where it speaks. */
export const silentSince = (column: RawBuilder<unknown>, moment: Moment): RawBuilder<Date | null> =>
  moment.live
    ? sql<Date | null>`(select s.presence_since from sensors s where s.host_id = ${column} and s.presence <> 'online')`
    : sql<Date | null>`(select min(b.started_at) from blind_intervals b where b.host_id = ${column} and b.collector = 'sensor' and b.started_at <= ${moment.at} and (b.ended_at is null or b.ended_at > ${moment.at}))`;
