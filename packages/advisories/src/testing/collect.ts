import type { KnownExploited } from '../model.ts';
import type { AdvisoryRecord, FeedSink } from '../sources/source.ts';

/** A sink that remembers. */
export const createCollector = () => {
  const advisories: AdvisoryRecord[] = [];
  const exploited: KnownExploited[] = [];
  const scores: (readonly [string, number, number])[] = [];
  const sink: FeedSink = {
    advisory: (record) => advisories.push(record),
    knownExploited: (entry) => exploited.push(entry),
    epss: (...row) => scores.push(row),
  };
  return { sink, advisories, exploited, scores };
};
