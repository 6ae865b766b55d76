import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  imageTargets,
  type VexFinding,
  type VexVerdict,
  writeCsafVex,
  writeCycloneDxVex,
  writeOpenVex,
} from '@parapet/advisories';
import type { FindingFilter, Scope, VexDocumentItem } from '@parapet/contract/api';
import type { ImageRecord } from '@parapet/contract/wire';
import { badRequest } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { FindingStatus } from '../database/tables/findings.ts';
import { allOf, compileFilter } from '../findings/filter.ts';
import { nameOfFindings } from '../findings/unmatched.ts';
import type { StreamReply } from '../http/handler.ts';

export type VexExportOptions = {
  readonly query: FindingFilter & { readonly format: VexDocumentItem['format'] };
  readonly scope: Scope;
  /** Who says it: the console's name. */
  readonly author: string;
  readonly at: Date;
};

/** A document is made whole in memory, and no reader takes larger ones. */
const exportLimit = 20_000;

/** What the console says of the findings under a filter. Throws a refusal for more than a document holds. */
export const exportVex = async (db: Database, options: VexExportOptions): Promise<StreamReply> => {
  const { query, author, at } = options;
  const findings = await readFindings(db, query, options.scope);
  if (findings.length > exportLimit) {
    throw badRequest('too-many', `A document holds at most ${exportLimit} findings. Narrow the filter.`);
  }
  const id = `urn:uuid:${randomUUID()}`;
  const head = { id, author, at: at.toISOString() };
  const text = write(query.format, findings, head);
  return {
    stream: Readable.from([Buffer.from(text)], { objectMode: false }),
    contentType: 'application/json',
    headers: {
      'content-disposition': `attachment; filename="${await nameOfFindings(db, options.scope)}.${query.format}.json"`,
    },
  };
};

const write = (
  format: VexDocumentItem['format'],
  findings: readonly VexFinding[],
  head: Parameters<typeof writeOpenVex>[1],
): string => {
  switch (format) {
    case 'openvex':
      return writeOpenVex(findings, head);
    case 'cyclonedx':
      return writeCycloneDxVex(findings, head);
    case 'csaf':
      // A console has no address that it could be sure of; the name of the document stands for it.
      return writeCsafVex(findings, { ...head, namespace: head.id });
  }
};

type Row = {
  readonly status: FindingStatus;
  readonly purl: string;
  readonly other_purls: readonly string[];
  readonly fixed_version: string | null;
  readonly first_seen_at: Date;
  readonly closed_at: Date | null;
  readonly close_reason: string | null;
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly acceptance: string | null;
  readonly accepted_at: Date | null;
  readonly verdict: VexVerdict | null;
  readonly since: Date | null;
  readonly image_key: string | null;
  readonly record: Partial<ImageRecord>;
};

const readFindings = async (db: Database, query: FindingFilter, scope: Scope): Promise<readonly VexFinding[]> => {
  const filter = await compileFilter(db, query, scope);
  if (filter.empty) return [];
  const { rows } = await sql<Row>`
    select f.status, f.purl, f.other_purls, f.fixed_version, f.first_seen_at, f.closed_at, f.close_reason, v.key as vulnerability, v.aliases,
      acceptance.reason as acceptance, acceptance.at as accepted_at, x.verdict, x.since,
      case a.kind when 'image' then a.key end as image_key, case a.kind when 'image' then a.record else '{}' end as record
    from findings as f join vulnerabilities as v on v.id = f.vulnerability_id join assets as a on a.id = f.asset_id
    left join acceptances as acceptance on acceptance.id = f.acceptance_id
    left join finding_vex as x on x.finding_id = f.id
    where ${allOf(filter.all)} order by v.key, f.purl, f.id limit ${exportLimit + 1}`.execute(db);
  return rows.flatMap((row) => {
    const finding = findingOf(row);
    return [row.purl, ...row.other_purls].map((purl) => ({ ...finding, purl }));
  });
};

const findingOf = (row: Row): VexFinding => {
  const product = productOf(row);
  const base = {
    vulnerability: row.vulnerability,
    aliases: row.aliases.slice(0, 100),
    purl: row.purl,
    ...(row.fixed_version === null ? {} : { fixedVersion: row.fixed_version }),
    ...(product === undefined ? {} : { product }),
  };
  const { verdict } = row;
  switch (row.status) {
    case 'closed':
      return {
        ...base,
        state: 'fixed',
        reason: row.close_reason ?? 'closed',
        at: (row.closed_at ?? row.first_seen_at).toISOString(),
      };
    case 'accepted':
      return {
        ...base,
        state: 'accepted',
        reason: row.acceptance ?? 'no reason was given',
        at: (row.accepted_at ?? row.first_seen_at).toISOString(),
      };
    case 'ruled-out':
      return {
        ...base,
        state: verdict?.status === 'fixed' ? 'fixed' : 'not_affected',
        ...wordsOf(verdict),
        at: (row.since ?? row.first_seen_at).toISOString(),
      };
    case 'open':
      return verdict?.status === 'under_investigation'
        ? {
            ...base,
            state: 'under_investigation',
            ...wordsOf(verdict),
            at: (row.since ?? row.first_seen_at).toISOString(),
          }
        : { ...base, state: 'open', at: row.first_seen_at.toISOString() };
  }
};

const wordsOf = (verdict: VexVerdict | null): Pick<VexFinding, 'reason' | 'justification'> => {
  if (verdict === null) return {};
  const said = verdict.text === undefined ? '' : `${verdict.text} — `;
  return {
    reason: `${said}${verdict.author ?? 'unknown author'}, ${verdict.document}`,
    ...(verdict.justification === undefined ? {} : { justification: verdict.justification }),
  };
};

/** The image by its digest; hosts and containers have no package URL. */
const productOf = ({ image_key: key, record }: Row): string | undefined =>
  key === null
    ? undefined
    : imageTargets({
        digests: [key],
        references: [...(record.tags ?? []), ...(record.repoDigests ?? [])].slice(0, 1),
      })[0];
