import { badRequest, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { ScopeFilter } from '../scope-filter.ts';

const maxLabels = 64;

/** Replaces the labels that people gave an asset. Throws AppError 404 out of scope, 400 beyond 64 labels. */
export const writeLabels = async (
  db: Database,
  inScope: ScopeFilter,
  assetId: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> => {
  if (Object.keys(labels).length > maxLabels) {
    throw badRequest('too-many-labels', `An asset may have up to ${maxLabels} labels.`);
  }
  const { numAffectedRows } = await sql`
    update assets a set people_labels = ${JSON.stringify(labels)}::jsonb where a.id = ${assetId}::uuid and ${inScope('a')}`.execute(
    db,
  );
  if (numAffectedRows !== 1n) throw notFound('The asset');
};
