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

/** What `entry.ranges` holds: ranges as lists of `<code><version>`, and the versions affected by name. */
export const StoredRanges = z.object({ r: z.array(z.array(z.string())), v: z.array(z.string()).optional() });

type Ranges = {
  readonly ranges: readonly {
    readonly events: readonly { readonly kind: (typeof kinds)[EventCode]; readonly version: string }[];
  }[];
  readonly versions: readonly string[];
};

/** Writes ranges and versions in few characters: most of a database's bytes are these. */
export const encodeRanges = ({ ranges, versions }: Ranges): string =>
  JSON.stringify({
    r: ranges.map(({ events }) => events.map(({ kind, version }) => `${kind === 'limit' ? 'm' : kind[0]}${version}`)),
    ...(versions.length === 0 ? {} : { v: versions }),
  });

/** Reads what {@link encodeRanges} wrote. */
export const decodeRanges = (text: string): Ranges => {
  const { r, v } = StoredRanges.parse(JSON.parse(text));
  return {
    ranges: r.map((events) => ({
      events: events.map((event) => ({ kind: kindOf(event.charAt(0)), version: event.slice(1) })),
    })),
    versions: v ?? [],
  };
};

const kindOf = (code: string): (typeof kinds)[EventCode] =>
  code === 'f' ? kinds.f : code === 'l' ? kinds.l : code === 'm' ? kinds.m : kinds.i;
