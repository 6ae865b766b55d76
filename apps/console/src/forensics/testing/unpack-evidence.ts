import { gunzipSync } from 'node:zlib';
import { createTarReader } from '@parapet/core';

/** Files by their path below the archive's one folder. */
export const unpackEvidence = (archive: Buffer): ReadonlyMap<string, Buffer> => {
  const files = new Map<string, Buffer>();
  const reader = createTarReader({
    maxEntries: 1000,
    onEntry: ({ path }) => {
      const chunks: Buffer[] = [];
      return {
        write: (chunk) => chunks.push(Buffer.from(chunk)),
        end: () => files.set(path.slice(path.indexOf('/') + 1), Buffer.concat(chunks)),
      };
    },
  });
  reader.write(gunzipSync(archive));
  reader.finish();
  return files;
};
