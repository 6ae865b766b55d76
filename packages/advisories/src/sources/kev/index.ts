import { ok, type Problem, type Result, readFileBounded } from '@parapet/core';
import { type FeedSink, type FeedSource, nothingSkipped, type SourceReading } from '../source.ts';
import { parseKevCatalogue } from './parse.ts';

const fileName = 'known_exploited_vulnerabilities.json';
const maxBytes = 64 * 1024 * 1024;

/** CISA's Known Exploited Vulnerabilities. */
export const kev: FeedSource = {
  name: 'kev',
  identify: (memberPath) => (memberPath === `kev/${fileName}` ? 'kev' : undefined),
  titleOf: () => 'CISA KEV',
  maxBytes,
  urlOf: (_id, baseUrl) => `${baseUrl}/${fileName}`,
  read,
};

async function read(path: string, sink: FeedSink): Promise<Result<SourceReading, Problem>> {
  const content = await readFileBounded(path, maxBytes);
  if (!content.ok) return content;
  const parsed = parseKevCatalogue(content.value.toString('utf8'));
  if (!parsed.ok) return parsed;
  for (const entry of parsed.value.entries) sink.knownExploited(entry);
  const { releasedAt } = parsed.value;
  return ok({
    records: parsed.value.entries.length,
    skipped: nothingSkipped,
    ...(releasedAt === undefined ? {} : { dataAt: releasedAt }),
  });
}
