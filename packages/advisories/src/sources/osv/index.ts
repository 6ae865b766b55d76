import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { readZip } from '../../archive/zip.ts';
import type { FeedSink, FeedSource, ReadOptions, SourceReading } from '../source.ts';
import { parseOsvRecord } from './parse.ts';

/** OSV's exports: `<Ecosystem>/all.zip` with one `<id>.json` per record. */
export const osv: FeedSource = {
  name: 'osv',
  identify: (memberPath) => {
    const ecosystem = /^osv\/([A-Za-z][\w .+()-]{0,63})\/all\.zip$/.exec(memberPath)?.[1];
    return ecosystem === undefined ? undefined : `osv/${ecosystem}`;
  },
  titleOf: (id) => `OSV ${ecosystemOf(id)}`,
  maxBytes: 2 * 1024 * 1024 * 1024,
  urlOf: (id, baseUrl) => `${baseUrl}/${encodeURIComponent(ecosystemOf(id))}/all.zip`,
  read,
};

const maxRecordBytes = 16 * 1024 * 1024;
const maxRecords = 2_000_000;
/** More broken records than this share mean that the file is not what it says. */
const maxBrokenShare = 0.02;

const ecosystemOf = (id: string): string => id.slice('osv/'.length);

async function read(path: string, sink: FeedSink, options: ReadOptions): Promise<Result<SourceReading, Problem>> {
  const skipped = { withdrawn: 0, broken: 0, noVulnerability: 0 };
  let records = 0;
  const outcome = await readZip(path, {
    maxEntries: maxRecords,
    maxEntryBytes: maxRecordBytes,
    wanted: (name) => name.endsWith('.json'),
    signal: options.signal,
    onProgress: options.onProgress,
    onEntry: (_name, content) => {
      records += 1;
      const parsed = parseOsvRecord(content.toString('utf8'));
      if (parsed.kind === 'advisory') sink.advisory(parsed.record);
      else skipped[parsed.kind] += 1;
    },
  });
  if (!outcome.ok) return outcome;
  if (records === 0) return fail(problem('empty-feed', 'The archive holds no records.'));
  if (skipped.broken > 10 && skipped.broken > records * maxBrokenShare) {
    return fail(problem('broken-records', `${skipped.broken} of ${records} records are not in the OSV format.`));
  }
  return ok({ records, skipped });
}
