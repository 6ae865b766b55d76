import type { ParsedOf } from '@parapet/contract/api';
import type { Database } from '../database/database.ts';
import type { Hunts, ScopedHunts } from '../telemetry/hunts.ts';

export type ForensicsDeps = { readonly db: Database; readonly hunts: Pick<Hunts, 'events' | 'within'> };
/** For one answer: its hunts are within the caller's scope. */
export type AnswerDeps = { readonly db: Database; readonly hunts: ScopedHunts };
export type ForensicQuery = ParsedOf<'forensics.get'>['query'];
