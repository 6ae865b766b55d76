import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { buildDatabase } from '../database/build.ts';
import { openAdvisoryDatabase } from '../database/open.ts';
import type { AdvisoryDatabase } from '../model.ts';
import { epssGz, kevJson, osvZip } from './feeds.ts';
import type { createScratch } from './scratch.ts';

export type DatabaseContent = {
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly exploited?: readonly string[];
  readonly scores?: readonly (readonly [string, number, number])[];
};

/** Builds and opens a database of OSV records, KEV entries and EPSS scores. */
export const databaseOf = async (
  scratch: ReturnType<typeof createScratch>,
  content: DatabaseContent,
): Promise<AdvisoryDatabase> => {
  const contents: [string, Buffer][] = [['osv/Debian', osvZip(content.records)]];
  if (content.exploited !== undefined) contents.push(['kev', Buffer.from(kevJson(content.exploited))]);
  if (content.scores !== undefined) contents.push(['epss', epssGz(content.scores)]);
  const built = await buildDatabase({
    files: contents.map(([id, bytes]) => ({
      id,
      path: scratch.put(id.replace('/', '-'), bytes),
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
    databaseDir: join(scratch.folder, 'databases'),
    origin: 'bundle',
    onBroken: () => 'give-up',
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  if (!built.ok) throw new Error(built.error.message);
  const opened = openAdvisoryDatabase(built.value.path);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
};
