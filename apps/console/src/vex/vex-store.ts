import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { parseVex, type VexDocument, type VexStatement } from '@parapet/advisories';
import type { Scope, VexDocumentItem } from '@parapet/contract/api';
import { AppError, badRequest, notFound, storableText } from '@parapet/core';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { writeFindings } from '../findings/write-lock.ts';
import { scopeKeyOf } from '../people/scope-key.ts';

/** What is kept. A document of 8 MiB has some 20,000 statements; those of one product have some hundreds. */
export const vexStoreLimits = { documentBytes: 8 * 1024 * 1024, documents: 1000, statements: 500_000 } as const;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export type StoredVex = {
  readonly id: string;
  readonly outcome: 'new' | 'replaced' | 'unchanged';
  /** Assets whose findings it may speak of, or spoke of before. */
  readonly assets: number;
};

/**
 * Stores a document for the assets of a scope, and queues the assets that it may concern. One with the same id and scope takes
 * its predecessor's place. Throws a refusal for what is no VEX document or more than is kept.
 */
export const storeVex = async (
  db: Database,
  input: {
    readonly document: Buffer;
    readonly name: string;
    readonly scope: Scope;
    readonly by: string;
    readonly at: Date;
  },
): Promise<StoredVex> => {
  const parsed = parseVex(input.document.toString('utf8'));
  if (!parsed.ok) throw badRequest(parsed.error.code, parsed.error.message);
  const vex = storable(parsed.value);
  if (vex.statements.length === 0) {
    throw badRequest('no-statements', 'The document says nothing of any vulnerability in a product.');
  }
  const contentHash = createHash('sha256').update(input.document).digest('hex');
  const compressed = await compress(input.document);
  // Under the writers' lock, so that findings written meanwhile have seen it or are queued.
  return writeFindings(db, async (tx) => {
    const scopeKey = scopeKeyOf(input.scope);
    const former = await tx
      .selectFrom('vex_documents')
      .select(['id', 'content_hash'])
      .where('document_id', '=', vex.id)
      .where('scope_key', '=', scopeKey)
      .executeTakeFirst();
    if (former?.content_hash === contentHash) return { id: former.id, outcome: 'unchanged', assets: 0 };
    const before = former === undefined ? 0 : await dropDocument(tx, former.id);
    await demandRoom(tx, vex.statements.length);
    const id = randomUUID();
    await tx
      .insertInto('vex_documents')
      .values({
        ...{ id, format: vex.format, document_id: vex.id, author: vex.author ?? null, name: storableText(input.name) },
        ...{ statements: vex.statements.length, content_hash: contentHash, document: compressed },
        ...{ scope: input.scope === null ? null : JSON.stringify(input.scope), scope_key: scopeKey },
        ...{ uploaded_by: input.by, uploaded_at: input.at },
      })
      .execute();
    await insertStatements(tx, id, vex.statements);
    const queued = await queueConcerned(tx, id);
    return { id, outcome: former === undefined ? 'new' : 'replaced', assets: Math.max(before, queued) };
  });
};

/** Forgets a document that `scope` may remove: its own, or any when it is null. Throws `not-found` for others. */
export const removeVex = async (db: Database, id: string, scope: Scope): Promise<{ name: string; assets: number }> =>
  writeFindings(db, async (tx) => {
    const row = await tx
      .selectFrom('vex_documents')
      .select(['document_id', 'scope_key'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined || !isVisible(row.scope_key, scope)) throw notFound('This VEX document');
    if (scope !== null && row.scope_key !== scopeKeyOf(scope)) {
      throw new AppError(
        'out-of-scope',
        403,
        'It speaks for the whole fleet: only somebody who sees all of it may remove it.',
      );
    }
    return { name: row.document_id, assets: await dropDocument(tx, id) };
  });

/** The documents that speak for all, and those of the same scope; somebody without a scope sees all. */
export const listVex = async (db: Database, scope: Scope): Promise<VexDocumentItem[]> => {
  const { rows } = await sql<{
    id: string;
    format: VexDocument['format'];
    document_id: string;
    author: string | null;
    name: string;
    statements: number;
    scope: Scope;
    scope_key: string;
    uploaded_by: string;
    uploaded_at: Date;
    ruled_out: number;
    spoken: number;
  }>`
    select d.id, d.format, d.document_id, d.author, d.name, d.statements, d.scope, d.scope_key, d.uploaded_by, d.uploaded_at,
      (select count(*) from finding_vex as x join findings as f on f.id = x.finding_id
        where x.vex_document_id = d.id and f.status = 'ruled-out')::int as ruled_out,
      (select count(*) from finding_vex as x join findings as f on f.id = x.finding_id
        where x.vex_document_id = d.id and f.status in ('open', 'accepted'))::int as spoken
    from vex_documents as d
    where ${scope === null} or d.scope_key in ('', ${scopeKeyOf(scope)})
    order by d.uploaded_at desc, d.id limit ${vexStoreLimits.documents}`.execute(db);
  return rows.map((row) => ({
    ...{ id: row.id, format: row.format, documentId: row.document_id, name: row.name, statements: row.statements },
    ...{ author: row.author ?? undefined, scope: row.scope },
    // How many findings there are beyond the caller's sight is not told.
    ...(scope === null || row.scope_key !== '' ? { ruledOut: row.ruled_out, otherwiseSpoken: row.spoken } : {}),
    ...{ uploadedBy: row.uploaded_by, uploadedAt: row.uploaded_at.toISOString() },
    mayRemove: scope === null || row.scope_key === scopeKeyOf(scope),
  }));
};

/** The document as it was uploaded. */
export const readVex = async (db: Database, id: string, scope: Scope): Promise<Buffer> => {
  const row = await db
    .selectFrom('vex_documents')
    .select(['document', 'scope_key'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined || !isVisible(row.scope_key, scope)) throw notFound('This VEX document');
  return decompress(row.document, { maxOutputLength: vexStoreLimits.documentBytes });
};

const isVisible = (key: string, scope: Scope): boolean => scope === null || key === '' || key === scopeKeyOf(scope);

const storable = (vex: VexDocument): VexDocument => ({
  ...vex,
  id: storableText(vex.id),
  ...(vex.author === undefined ? {} : { author: storableText(vex.author) }),
  // A name longer than these is none of a vulnerability, and would not fit an index.
  statements: vex.statements.filter(
    ({ vulnerabilities, products }) => products.length > 0 && vulnerabilities.every((name) => name.length <= 256),
  ),
});

const demandRoom = async (tx: DatabaseTransaction, statements: number): Promise<void> => {
  const { rows } = await sql<{ documents: number; statements: number }>`
    select count(*)::int as documents, coalesce(sum(statements), 0)::int as statements from vex_documents`.execute(tx);
  const [kept] = rows;
  if ((kept?.documents ?? 0) >= vexStoreLimits.documents) {
    throw badRequest('too-many', `${vexStoreLimits.documents} documents are kept. Remove some first.`);
  }
  if ((kept?.statements ?? 0) + statements > vexStoreLimits.statements) {
    throw badRequest('too-many', `${vexStoreLimits.statements} statements are kept in all. Remove documents first.`);
  }
};

const batchSize = 2000;

const insertStatements = async (
  tx: DatabaseTransaction,
  documentId: string,
  statements: readonly VexStatement[],
): Promise<void> => {
  for (let from = 0; from < statements.length; from += batchSize) {
    const rows = statements.slice(from, from + batchSize).map((statement) => ({
      names: [...new Set(statement.vulnerabilities)],
      products: statement.products,
      status: statement.status,
      justification: statement.justification ?? null,
      words: statement.text ?? null,
      at: statement.at ?? null,
    }));
    await sql`
      with added as (
        insert into vex_statements (vex_document_id, names, products, status, justification, words, at)
        select ${documentId}, names, products, status, justification, words, at
        from jsonb_to_recordset(${JSON.stringify(rows, storableValue)}::jsonb) as new (names text[], products jsonb, status text,
          justification text, words text, at timestamptz)
        returning id, names
      )
      insert into vex_names (name, statement_id) select distinct name, id from added cross join lateral unnest(names) as name`.execute(
      tx,
    );
  }
};

const storableValue = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? storableText(value) : value;

/** Queues the assets that it concerned and forgets it. Returns how many those are. */
const dropDocument = async (tx: DatabaseTransaction, id: string): Promise<number> => {
  const queued = await queueConcerned(tx, id);
  await tx.deleteFrom('vex_documents').where('id', '=', id).execute();
  return queued;
};

/** Assets with findings of the vulnerabilities that a document names, or of which it spoke. */
const queueConcerned = async (tx: DatabaseTransaction, documentId: string): Promise<number> => {
  const { numAffectedRows } = await sql`
    with named as materialized (
      select distinct n.name from vex_names as n join vex_statements as s on s.id = n.statement_id where s.vex_document_id = ${documentId}
    ), spoken as materialized (
      select distinct v.id from vulnerabilities as v cross join lateral unnest(array_append(v.aliases, v.key)) as name
      where name in (select name from named)
    )
    insert into vex_queue (asset_id)
    select f.asset_id from findings as f where f.vulnerability_id in (select id from spoken) and f.status <> 'closed'
    union select f.asset_id from finding_vex as x join findings as f on f.id = x.finding_id where x.vex_document_id = ${documentId}
    on conflict (asset_id) do update set asset_id = excluded.asset_id`.execute(tx);
  return Number(numAffectedRows ?? 0n);
};
