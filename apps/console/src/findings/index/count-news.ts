import type { Asked } from './ask.ts';

export type FindingNews = { readonly opened: number; readonly closed: number };

/** How many findings came and went since a time, whatever they are now; counted up to a limit. */
export const countNews = ({ columns, question }: Asked, sinceMs: number, limit: number): FindingNews => {
  let opened = 0;
  let closed = 0;
  for (const segment of columns.segments.values()) {
    if (question.assets?.has(segment.assetId) === false) continue;
    for (let row = 0; row < segment.length; row += 1) {
      if ((segment.firstSeen[row] ?? 0) > sinceMs) opened += 1;
      if ((segment.closed[row] ?? 0) > sinceMs) closed += 1;
    }
  }
  return { opened: Math.min(opened, limit), closed: Math.min(closed, limit) };
};
