import { z } from 'zod';

/** What the console asks of its feed worker, a child process: building a database takes memory that the console gives back so. */
export const FeedJob = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('import'), databaseDir: z.string(), path: z.string() }),
  /** From the publishers' files that are kept, e.g. when this program has another layout. */
  z.object({ kind: z.literal('rebuild'), databaseDir: z.string() }),
  z.object({
    kind: z.literal('fetch'),
    databaseDir: z.string(),
    /** Other places than the publishers' own, e.g. a mirror. */
    baseUrls: z.object({ osv: z.string(), kev: z.string(), epss: z.string() }).partial(),
    ecosystems: z.array(z.string()).optional(),
    proxy: z.object({ url: z.string(), except: z.array(z.string()) }).exactOptional(),
  }),
]);
export type FeedJob = z.infer<typeof FeedJob>;

const Problem = z.object({ code: z.string(), message: z.string(), at: z.string().exactOptional() });
const Count = z.number().int().nonnegative();

export const BuiltFeed = z.object({
  version: z.string().max(128),
  path: z.string(),
  sizeBytes: Count,
  origin: z.enum(['bundle', 'publishers']),
  advisories: Count,
  sources: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      records: Count,
      dataAt: z.string().optional(),
      fetchedAt: z.string().optional(),
      licence: z.string().optional(),
      lastError: z.string().optional(),
    }),
  ),
});
export type BuiltFeed = z.infer<typeof BuiltFeed>;

export const FeedWorkerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), step: z.string(), progress: z.number() }),
  z.object({ kind: z.literal('built'), feed: BuiltFeed }),
  z.object({ kind: z.literal('failed'), problem: Problem }),
]);
export type FeedWorkerMessage = z.infer<typeof FeedWorkerMessage>;
