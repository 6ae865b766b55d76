import { z } from 'zod';

const CvssScore = z.object({ version: z.string(), vector: z.string(), score: z.number() });

/** What matching needs of an advisory, as JSON in `advisory.head`. */
export const StoredHead = z.object({
  vulnerabilities: z.array(z.string()),
  aliases: z.array(z.string()),
  summary: z.string(),
  cvss: z.array(CvssScore),
  exploits: z.array(z.string()),
  publishedSeverity: z.string().optional(),
  published: z.string().optional(),
});
export type StoredHead = z.infer<typeof StoredHead>;

/** The rest, as JSON in `advisory.body`. */
export const StoredBody = z.object({
  details: z.string(),
  references: z.array(z.object({ type: z.string(), url: z.string() })),
  modified: z.string().optional(),
});
export type StoredBody = z.infer<typeof StoredBody>;

const kinds = { i: 'introduced', f: 'fixed', l: 'last_affected', m: 'limit' } as const;
type EventCode = keyof typeof kinds;

type Ranges = {
  readonly ranges: readonly {
    readonly events: readonly { readonly kind: (typeof kinds)[EventCode]; readonly version: string }[];
  }[];
  readonly versions: readonly string[];
  readonly notes: readonly string[];
};

/*
 * `entry.ranges` is read for every package that is matched, so it is text to be split rather than JSON: three parts (ranges,
 * versions, notes) with a vertical tab between them; ranges one a line, their events and the other lists with tabs.
 */

/** Writes ranges, versions and notes in few characters: most of a database's bytes are these. */
export const encodeRanges = ({ ranges, versions, notes }: Ranges): string => {
  const lines = ranges
    .filter(({ events }) => events.length > 0)
    .map(({ events }) =>
      events.map(({ kind, version }) => `${kind === 'limit' ? 'm' : kind[0]}${plain(version)}`).join('\t'),
    );
  const parts = [lines.join('\n'), versions.map(plain).join('\t'), notes.map(plain).join('\t')];
  return parts.join('\v').replace(/\v+$/, '');
};

/** Reads what {@link encodeRanges} wrote. */
export const decodeRanges = (text: string): Ranges => {
  const [ranges = '', versions = '', notes = ''] = text.split('\v');
  return {
    ranges: listOf(ranges, '\n').map((line) => ({
      events: line.split('\t').map((event) => ({ kind: kindOf(event), version: event.slice(1) })),
    })),
    versions: listOf(versions, '\t'),
    notes: listOf(notes, '\t'),
  };
};

/** Reads a head; the file is ours and its layout was checked when it was opened. */
export const decodeHead = (text: string): StoredHead => JSON.parse(text);

const listOf = (text: string, separator: string): readonly string[] => (text === '' ? none : text.split(separator));

const none: readonly string[] = [];

/** No version has the characters that separate. */
const plain = (text: string): string => text.replace(/\s/g, ' ');

const kindOf = (event: string): (typeof kinds)[EventCode] => {
  switch (event.charCodeAt(0)) {
    case 102:
      return kinds.f;
    case 108:
      return kinds.l;
    case 109:
      return kinds.m;
    default:
      return kinds.i;
  }
};
