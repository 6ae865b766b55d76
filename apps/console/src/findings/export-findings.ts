import { Readable } from 'node:stream';
import type { FindingFilter, Scope } from '@parapet/contract/api';
import type { Database } from '../database/database.ts';
import { csvCell } from '../http/csv-cell.ts';
import type { StreamReply } from '../http/handler.ts';
import { compileFilter } from './filter.ts';
import { type FindingRow, presentFinding } from './finding-rows.ts';
import { type Position, readFindingPage } from './list-findings.ts';
import { nameOfFindings } from './unmatched.ts';

const pageSize = 1000;

/** Streams all findings under a filter, most exploitable first, a page at a time as the reader takes them. */
export const exportFindings = async (
  db: Database,
  query: FindingFilter & { readonly format: 'csv' | 'jsonl' },
  scope: Scope,
  signal: AbortSignal,
): Promise<StreamReply> => {
  const lines = query.format === 'csv' ? csvLines : jsonLines;
  return {
    stream: Readable.from(lines(pages(db, query, scope, signal)), { objectMode: false }),
    contentType: query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
    headers: { 'content-disposition': `attachment; filename="${await nameOfFindings(db, scope)}.${query.format}"` },
  };
};

async function* pages(
  db: Database,
  query: FindingFilter,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<readonly FindingRow[]> {
  const filter = await compileFilter(db, query, scope);
  if (filter.empty) return;
  let after: Position | undefined;
  do {
    signal.throwIfAborted();
    const page = await readFindingPage(db, filter, scope, { sort: 'risk', after, limit: pageSize });
    yield page.rows;
    after = page.next;
  } while (after !== undefined);
}

async function* jsonLines(source: AsyncIterable<readonly FindingRow[]>): AsyncGenerator<string> {
  for await (const rows of source) {
    yield rows.map((row) => `${JSON.stringify(presentFinding(row))}\n`).join('');
  }
}

const columns: readonly (readonly [header: string, value: (row: FindingRow) => string | number | null | undefined])[] =
  [
    ['id', (row) => row.id],
    ['risk', (row) => row.risk],
    ['severity', (row) => presentFinding(row).severity],
    ['status', (row) => row.status],
    ['vulnerability', (row) => row.vulnerability],
    ['package', (row) => row.product],
    ['version', (row) => row.package_version],
    ['fixed version', (row) => row.fixed_version],
    ['asset kind', (row) => row.asset_kind],
    ['asset', (row) => row.asset_name],
    ['instances', (row) => row.instances],
    ['worst instance', (row) => row.worst_name],
    ['likelihood', (row) => row.likelihood],
    ['exposure', (row) => row.exposure],
    ['use', (row) => row.use_value],
    ['impact', (row) => row.impact],
    ['exposed to', (row) => row.exposure_kind],
    ['in use', (row) => row.use_kind],
    ['known exploited', (row) => String(row.kev)],
    ['EPSS', (row) => row.epss],
    ['CVSS', (row) => row.cvss],
    ['published severity', (row) => row.published_severity],
    ['first seen', (row) => row.first_seen_at.toISOString()],
    ['closed', (row) => row.closed_at?.toISOString()],
    ['accepted until', (row) => row.accepted_until?.toISOString()],
  ];

async function* csvLines(source: AsyncIterable<readonly FindingRow[]>): AsyncGenerator<string> {
  yield `${columns.map(([header]) => csvCell(header)).join(',')}\r\n`;
  for await (const rows of source) {
    yield rows.map((row) => `${columns.map(([, value]) => csvCell(value(row))).join(',')}\r\n`).join('');
  }
}
