import {
  applyVex,
  imageTargets,
  isMoreCautious,
  type VexDocument,
  type VexProduct,
  type VexStatus,
  type VexVerdict,
} from '@parapet/advisories';
import type { Scope } from '@parapet/contract/api';
import type { ImageRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { FindingStatus } from '../database/tables/findings.ts';
import { recordHistory } from '../findings/history.ts';
import { otherPurlLimit } from '../findings/matched-content.ts';
import { inScope } from '../people/scope.ts';

export type VexOutcome = { readonly ruledOut: number; readonly returned: number };

/**
 * Makes an asset's findings follow what the VEX documents say now: one that is not affected or fixed in all its versions is
 * ruled out, one that no document rules out any more returns (as accepted while its acceptance lasts). Belongs inside
 * `writeFindings`, after `syncFindings`; risk counts of the asset are refreshed by the caller.
 */
export const applyVexToAsset = async (tx: DatabaseTransaction, assetId: string, at: Date): Promise<VexOutcome> => {
  const findings = await readFindings(tx, assetId);
  if (findings.length === 0) return { ruledOut: 0, returned: 0 };
  const documents = await readDocuments(tx, assetId, findings);
  const targets = await readTargets(tx, assetId);
  const verdicts = verdictsOf(findings, documents, targets);
  const judged = findings.map((finding) => ({ finding, verdict: verdicts.get(finding.id) }));
  await writeVerdicts(tx, judged, at);
  return changeStatuses(tx, judged, at);
};

/** Whether findings of which this is said count as ruled out. */
export const rulesOut = (status: VexStatus): boolean => status === 'not_affected' || status === 'fixed';

type FindingRow = {
  readonly id: string;
  readonly status: FindingStatus;
  readonly purl: string;
  readonly other_purls: readonly string[];
  readonly accepted_until: Date | null;
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly verdict: VexVerdict | null;
};

/** Those that a document speaks of, and those that one spoke of when they were last looked at. */
const readFindings = async (tx: DatabaseTransaction, assetId: string): Promise<readonly FindingRow[]> =>
  (
    await sql<FindingRow>`
      select f.id, f.status, f.purl, f.other_purls, f.accepted_until, v.key as vulnerability, v.aliases, x.verdict
      from findings as f join vulnerabilities as v on v.id = f.vulnerability_id
      left join finding_vex as x on x.finding_id = f.id
      where f.asset_id = ${assetId} and f.status <> 'closed' and (
        x.finding_id is not null or f.status = 'ruled-out'
        or exists (select 1 from vex_names as n where n.name = v.key or n.name = any(v.aliases))
      )`.execute(tx)
  ).rows;

type StatementRow = {
  readonly id: string;
  readonly format: VexDocument['format'];
  readonly document_id: string;
  readonly author: string | null;
  readonly scope: Scope;
  readonly scope_key: string;
  readonly names: readonly [string, ...string[]];
  readonly products: readonly VexProduct[];
  readonly status: VexStatus;
  readonly justification: string | null;
  readonly words: string | null;
  readonly at: Date | null;
};
/** Its `id` is our own: documents of several scopes may have one name. */
type KnownDocument = VexDocument & { readonly name: string };

/** The statements on these findings, by document; those last that were uploaded last. */
const readDocuments = async (
  tx: DatabaseTransaction,
  assetId: string,
  findings: readonly FindingRow[],
): Promise<readonly KnownDocument[]> => {
  const names = [...new Set(findings.flatMap((finding) => [finding.vulnerability, ...finding.aliases]))];
  const { rows } = await sql<StatementRow>`
    select d.id, d.format, d.document_id, d.author, d.scope, d.scope_key, s.names, s.products, s.status, s.justification, s.words, s.at
    from vex_statements as s join vex_documents as d on d.id = s.vex_document_id
    where s.id in (select n.statement_id from vex_names as n where n.name = any(${names}::text[]))
    order by d.uploaded_at, d.id, s.id`.execute(tx);
  const scopes = new Map(rows.map((row) => [row.scope_key, row.scope]));
  const held = new Set<string>();
  for (const [key, scope] of scopes) if (await isInScope(tx, assetId, scope)) held.add(key);
  const documents = Map.groupBy(
    rows.filter((row) => held.has(row.scope_key)),
    (row) => row.id,
  );
  return [...documents.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [documentOf(first, [first, ...rest])],
  );
};

const isInScope = async (tx: DatabaseTransaction, assetId: string, scope: Scope): Promise<boolean> => {
  if (scope === null) return true;
  const { rows } = await sql<{ held: boolean }>`select ${inScope(scope, sql`${assetId}::uuid`)} as held`.execute(tx);
  return rows[0]?.held === true;
};

const documentOf = (document: StatementRow, statements: readonly StatementRow[]): KnownDocument => ({
  format: document.format,
  id: document.id,
  name: document.document_id,
  ...(document.author === null ? {} : { author: document.author }),
  statements: statements.map((row) => ({
    vulnerabilities: row.names,
    products: row.products,
    status: row.status,
    ...(row.justification === null ? {} : { justification: row.justification }),
    ...(row.words === null ? {} : { text: row.words }),
    ...(row.at === null ? {} : { at: row.at.toISOString() }),
  })),
});

/** What an image is called. The packages of a container are those beside its image, of which its documents do not speak. */
const readTargets = async (tx: DatabaseTransaction, assetId: string): Promise<readonly string[]> => {
  const { rows } = await sql<{ key: string | null; record: Partial<ImageRecord> }>`
    select a.key, l.record from assets as a join image_locations as l on l.image_id = a.id where a.id = ${assetId} and a.kind = 'image'
    union all select key, record from assets where id = ${assetId} and kind = 'image'
    union all select record -> 'target' ->> 'digest', jsonb_build_object('tags', jsonb_build_array(record -> 'target' ->> 'name'))
      from assets where id = ${assetId} and kind = 'upload' and record -> 'target' ? 'digest' limit 200`.execute(tx);
  return imageTargets({
    digests: rows.slice(0, 1).flatMap((row) => row.key ?? []),
    references: [...new Set(rows.flatMap(({ record }) => [...(record.tags ?? []), ...(record.repoDigests ?? [])]))],
  });
};

type Judged = { readonly verdict: VexVerdict; readonly document: string };

const verdictsOf = (
  findings: readonly FindingRow[],
  documents: readonly KnownDocument[],
  targets: readonly string[],
): ReadonlyMap<string, Judged> => {
  const subjects = findings.flatMap(({ id, vulnerability, aliases, purl, other_purls: others }) =>
    [purl, ...others].map((each) => ({ id, vulnerability, aliases, purl: each })),
  );
  const names = new Map(documents.map(({ id, name }) => [id, name]));
  const named = <V extends { readonly document: string }>(verdict: V): V => ({
    ...verdict,
    document: names.get(verdict.document) ?? verdict.document,
  });
  const said = Map.groupBy(applyVex(subjects, documents, targets), ({ id }) => id);
  return new Map(
    findings.flatMap((finding) => {
      const all = (said.get(finding.id) ?? []).map(({ vex }) => vex);
      const verdict = joined(all, finding.other_purls.length < otherPurlLimit);
      if (verdict === undefined) return [];
      const { others = [], document } = verdict;
      const told = { ...named(verdict), ...(others.length === 0 ? {} : { others: others.map(named) }) };
      return [[finding.id, { verdict: told, document }] as const];
    }),
  );
};

/**
 * One word on several versions side by side: the most cautious. A version that nobody speaks of, or that is not told, keeps the
 * others from ruling the finding out.
 */
const joined = (verdicts: readonly (VexVerdict | undefined)[], areAllTold: boolean): VexVerdict | undefined => {
  const spoken = verdicts.filter((verdict) => verdict !== undefined);
  const worst = spoken.reduce<VexVerdict | undefined>(
    (best, next) => (best === undefined || isMoreCautious(next.status, best.status) ? next : best),
    undefined,
  );
  if (worst === undefined || !rulesOut(worst.status)) return worst;
  return areAllTold && spoken.length === verdicts.length ? worst : undefined;
};

type JudgedFinding = { readonly finding: FindingRow; readonly verdict: Judged | undefined };

/** Only what differs is written, so that `since` says since when it is said. */
const writeVerdicts = async (tx: DatabaseTransaction, judged: readonly JudgedFinding[], at: Date): Promise<void> => {
  const gone = judged.filter(({ finding, verdict }) => finding.verdict !== null && verdict === undefined);
  if (gone.length > 0) {
    const ids = gone.map(({ finding }) => finding.id);
    await sql`delete from finding_vex where finding_id = any(${ids}::uuid[])`.execute(tx);
  }
  const rows = judged.flatMap(({ finding, verdict }) =>
    verdict === undefined ? [] : [{ id: finding.id, verdict: verdict.verdict, document: verdict.document }],
  );
  if (rows.length === 0) return;
  await sql`
    insert into finding_vex as old (finding_id, verdict, vex_document_id, since)
    select id, verdict, document, ${at} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (id uuid, verdict jsonb, document uuid)
    on conflict (finding_id) do update set verdict = excluded.verdict, vex_document_id = excluded.vex_document_id, since = excluded.since
    where (old.verdict, old.vex_document_id) is distinct from (excluded.verdict, excluded.vex_document_id)`.execute(tx);
};

const changeStatuses = async (
  tx: DatabaseTransaction,
  judged: readonly JudgedFinding[],
  at: Date,
): Promise<VexOutcome> => {
  const changes = judged.flatMap(({ finding, verdict }) => {
    const isOut = verdict !== undefined && rulesOut(verdict.verdict.status);
    if (isOut === (finding.status === 'ruled-out')) return [];
    const status: FindingStatus = isOut
      ? 'ruled-out'
      : finding.accepted_until !== null && finding.accepted_until > at
        ? 'accepted'
        : 'open';
    return [
      { id: finding.id, status, text: isOut ? wordsOf(verdict.verdict) : 'No VEX document rules it out any more' },
    ];
  });
  if (changes.length > 0) {
    await sql`
      update findings as f set status = new.status
      from unnest(${changes.map(({ id }) => id)}::uuid[], ${changes.map(({ status }) => status)}::text[]) as new (id, status)
      where f.id = new.id`.execute(tx);
    await recordHistory(
      tx,
      changes.map(({ id, text }) => ({ findingId: id, at, text })),
    );
  }
  const ruledOut = changes.filter(({ status }) => status === 'ruled-out').length;
  return { ruledOut, returned: changes.length - ruledOut };
};

/** E.g. `Ruled out: not affected (vulnerable_code_not_present), says Maintainers in https://example.org/vex/1`. */
const wordsOf = ({ status, justification, author, document }: VexVerdict): string => {
  const reason = justification === undefined ? '' : ` (${justification})`;
  const who = author === undefined ? '' : `${author} in `;
  return `Ruled out: ${status.replaceAll('_', ' ')}${reason}, says ${who}${document}`;
};
