import type { Database } from '../../database/database.ts';
import type { GraphInMemory } from '../graph-in-memory.ts';
import { type AssetReader, createAssetReader } from '../map/read-assets.ts';
import type { Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { createLiveReader } from './live-reader.ts';

/** Reads hosts and containers from memory where they are there, else from the database. */
export const openReader = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  held: GraphInMemory | undefined,
): Promise<AssetReader> => {
  const reader = createAssetReader(db, moment, inScope);
  const assets = await held?.assets();
  return assets === undefined ? reader : createLiveReader(assets, reader);
};
