import { z } from 'zod';

/** Ids and names become keys; longer ones are no ids. */
const id = z.string().min(1).max(256);
const ids = z.array(id).max(5000).optional();

export const OsvSeverity = z.object({ type: z.string().max(64), score: z.string().max(512) });

export const OsvEvent = z.object({
  introduced: z.string().max(1024).optional(),
  fixed: z.string().max(1024).optional(),
  last_affected: z.string().max(1024).optional(),
  limit: z.string().max(1024).optional(),
});

export const OsvAffected = z.object({
  package: z.object({ ecosystem: id, name: z.string().min(1).max(1024) }).optional(),
  severity: z.array(OsvSeverity).max(64).optional(),
  ranges: z
    .array(z.object({ type: z.string().max(64), events: z.array(OsvEvent).max(5000) }))
    .max(5000)
    .optional(),
  versions: z.array(z.string().max(1024)).max(100_000).optional(),
  ecosystem_specific: z
    .object({ urgency: z.unknown(), severity: z.unknown(), imports: z.unknown(), affects: z.unknown() })
    .partial()
    .nullish(),
  database_specific: z.object({ severity: z.unknown(), informational: z.unknown() }).partial().nullish(),
});
export type OsvAffected = z.infer<typeof OsvAffected>;

const texts = z.array(z.string().max(1024)).max(1000);

/** Go's list of the packages of a module that are affected, with their functions where only some are. */
export const OsvImports = z.array(z.object({ path: z.string().max(1024), symbols: texts.optional() })).max(500);

/** Rust's list of affected functions and of the platforms that an advisory is limited to. */
export const OsvAffects = z.object({ functions: texts.optional(), os: texts.optional(), arch: texts.optional() });

/** A record of the OSV format, the fields that are used; https://ossf.github.io/osv-schema/ */
export const OsvRecord = z.object({
  id,
  modified: z.string().max(64).optional(),
  published: z.string().max(64).optional(),
  withdrawn: z.string().max(64).nullish(),
  aliases: ids,
  upstream: ids,
  related: ids,
  summary: z.string().max(65_536).optional(),
  details: z.string().max(4_194_304).optional(),
  severity: z.array(OsvSeverity).max(64).nullish(),
  affected: z.array(OsvAffected).max(50_000).nullish(),
  references: z
    .array(z.object({ type: z.string().max(64), url: z.string().max(8192) }))
    .max(5000)
    .nullish(),
  database_specific: z.object({ severity: z.unknown() }).partial().nullish(),
});
export type OsvRecord = z.infer<typeof OsvRecord>;
