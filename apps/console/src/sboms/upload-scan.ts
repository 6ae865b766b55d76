import { createHash, randomUUID } from 'node:crypto';
import type { AssetKind, Scope, UploadedScan } from '@parapet/contract/api';
import type { Sbom } from '@parapet/contract/sbom';
import { badRequest, type Clock, notFound, storableText } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { scopeKeyOf } from '../people/scope-key.ts';
import { parseSbom } from './parse-sbom.ts';
import type { SbomReceiver } from './receive-sbom.ts';
import type { UploadRecord } from './upload-record.ts';

/** Uploads kept at once. A pipeline that gives each build a name of its own reaches it in some weeks. */
const uploadLimit = 10_000;
/** What is not uploaded again for so long is over. */
export const uploadLifeDays = 90;

export type ScanUpload = {
  readonly document: Buffer;
  readonly labels: Readonly<Record<string, string>>;
  readonly scope: Scope;
  readonly by: string;
};

/**
 * Stores a scan that was made elsewhere. Of an image that sensors hold, and the caller sees, it is one more word on it;
 * everything else is an asset of its own by what it is, its name and the caller's scope, so that the next upload of it replaces
 * this one. Throws a refusal for what is no scan, or would be seen by nobody.
 */
export const storeUpload = async (
  deps: { readonly db: Database; readonly receive: SbomReceiver; readonly clock: Clock },
  upload: ScanUpload,
): Promise<UploadedScan> => {
  const { db, receive, clock } = deps;
  const parsed = parseSbom(upload.document);
  if (!parsed.ok) throw badRequest(parsed.error.code, `This is no scan: ${parsed.error.message}`);
  const sbom = parsed.value;
  if (sbom.status === 'failed')
    throw badRequest('failed', 'Nothing of the target could be read, so there is nothing to keep.');
  const image = await knownImage(db, sbom, upload.scope);
  const asset = image ?? (await uploadAsset(db, sbom, upload, new Date(clock.now())));
  const document = upload.document;
  const stored = await receive({ assetId: asset.id, reporterHostId: null, reporterName: upload.by, document });
  if (!stored.ok) throw badRequest(stored.error.code, stored.error.message);
  const { trust, matched } = await standing(db, asset.id);
  const open = await openFindings(db, asset.id);
  return {
    asset,
    outcome: trust === 'uploaded' ? 'shown' : 'kept-beside',
    status: stored.value.status === 'partial' ? 'partial' : 'succeeded',
    packages: stored.value.packages,
    ...(matched || open > 0 ? { findings: open } : {}),
    ...(stored.value.message === undefined ? {} : { message: stored.value.message }),
  };
};

type Asset = { readonly id: string; readonly kind: AssetKind; readonly name: string };

const knownImage = async (db: Database, { target }: Sbom, scope: Scope): Promise<Asset | undefined> => {
  if (target.digest === undefined) return undefined;
  return db
    .selectFrom('assets')
    .select(['id', 'kind', 'name'])
    .where('kind', '=', 'image')
    .where('key', '=', target.digest)
    .where('status', '<>', 'gone')
    .where(inScope(scope, sql.ref('assets.id')))
    .executeTakeFirst();
};

const uploadAsset = async (db: Database, sbom: Sbom, upload: ScanUpload, at: Date): Promise<Asset> => {
  const { target } = sbom;
  const labels = labelsFor(upload.scope, upload.labels);
  const name = target.name.trim() === '' ? target.kind : target.name;
  const key = createHash('sha256')
    .update(JSON.stringify([target.kind, name, scopeKeyOf(upload.scope)]))
    .digest('hex');
  const record: UploadRecord = { kind: 'upload', target: { ...target, name }, by: upload.by };
  const { rows } = await sql<Asset>`
    insert into assets as old (id, kind, key, name, status, people_labels, record, first_seen_at, last_seen_at)
    select ${randomUUID()}, 'upload', ${key}, ${name}, 'present', ${JSON.stringify(labels)}::jsonb, ${JSON.stringify(record)}::jsonb, ${at}, ${at}
    where exists (select 1 from assets where kind = 'upload' and key = ${key})
      or (select count(*) from assets where kind = 'upload' and status <> 'gone') < ${uploadLimit}
    on conflict (key) where kind = 'upload' do update set name = excluded.name, status = 'present', ended_at = null,
      people_labels = old.people_labels || excluded.people_labels, record = excluded.record, last_seen_at = excluded.last_seen_at
    returning id, kind, name`.execute(db);
  const [asset] = rows;
  if (asset === undefined) {
    throw badRequest(
      'too-many',
      `${uploadLimit} uploaded scans are kept. Give builds of one thing the same name; those of names that are not uploaded again go after ${uploadLifeDays} days.`,
    );
  }
  return asset;
};

/** The labels given, completed by the scope's where it leaves no choice. Throws a refusal when the caller would not see the result. */
const labelsFor = (scope: Scope, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = { ...given };
  for (const [label, values] of Object.entries(scope ?? {})) {
    const [only, ...others] = values;
    if (labels[label] === undefined && only !== undefined && others.length === 0) labels[label] = only;
    if (!values.includes(labels[label] ?? '')) {
      throw badRequest(
        'label-needed',
        `Say whose it is: a label ${label} with one of ${values.join(', ')}, as your own scope has it.`,
      );
    }
  }
  return labels;
};

const labelLimit = 32;

/** Labels from `name=value` texts. Throws a refusal for another form. */
export const readLabels = (texts: readonly string[]): Readonly<Record<string, string>> => {
  if (texts.length > labelLimit) throw badRequest('too-many', `At most ${labelLimit} labels can be given.`);
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]{1,256})=(.{1,1024})$/s.exec(storableText(text)) ?? [];
      if (name === undefined || value === undefined)
        throw badRequest('bad-label', `A label is name=value; “${text.slice(0, 80)}” is none.`);
      return [name.trim(), value.trim()] as const;
    }),
  );
};

const standing = async (db: Database, assetId: string): Promise<{ trust: string | undefined; matched: boolean }> => {
  const row = await db
    .selectFrom('asset_software')
    .select(['trust', 'matched_feed', 'unmatched'])
    .where('asset_id', '=', assetId)
    .executeTakeFirst();
  return { trust: row?.trust, matched: (row?.matched_feed ?? null) !== null && row?.unmatched === null };
};

const openFindings = async (db: Database, assetId: string): Promise<number> => {
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open from findings where asset_id = ${assetId} and status = 'open'`.execute(db);
  return rows[0]?.open ?? 0;
};

/** Ends one upload that the caller sees, by hand. Its open findings are closed with all of what is gone, see `closeGone`. */
export const removeUpload = async (
  db: Database,
  input: { readonly assetId: string; readonly scope: Scope; readonly at: Date },
): Promise<{ readonly name: string; readonly findings: number }> => {
  const removed = await db
    .updateTable('assets')
    .set({ status: 'gone', ended_at: input.at })
    .where('id', '=', input.assetId)
    .where('kind', '=', 'upload')
    .where('status', '<>', 'gone')
    .where(inScope(input.scope, sql.ref('assets.id')))
    .returning('name')
    .executeTakeFirst();
  if (removed === undefined) throw notFound('The uploaded scan');
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open from findings where asset_id = ${input.assetId} and status <> 'closed'`.execute(db);
  return { name: removed.name, findings: rows[0]?.open ?? 0 };
};

/** Ends the uploads that nobody renewed. Returns how many. */
export const endOldUploads = async (db: Database, at: Date): Promise<number> => {
  const before = new Date(at.getTime() - uploadLifeDays * 24 * 3_600_000);
  const result = await db
    .updateTable('assets')
    .set({ status: 'gone', ended_at: at })
    .where('kind', '=', 'upload')
    .where('status', '<>', 'gone')
    .where('last_seen_at', '<', before)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
};
