import { z } from 'zod';

const share = z.coerce.number().min(0).max(1);

/** One line of FIRST's file: `CVE-…,score,percentile`. */
export const EpssRow = z.tuple([z.string().regex(/^CVE-\d{4}-\d{4,19}$/), share, share]);
export type EpssRow = z.infer<typeof EpssRow>;

/** The two lines before them. */
export const epssHeader = 'cve,epss,percentile';
export const scoreDatePattern = /^#.*\bscore_date:([0-9T:+-]+)/;
