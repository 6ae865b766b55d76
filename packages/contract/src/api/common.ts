import { z } from 'zod';

/** ISO 8601 instant in UTC with milliseconds. */
export const Instant = z.iso.datetime();
export const Id = z.uuid();

/** Keyset paging: pass `next` of the last page as `after`. */
export const PageQuery = {
  after: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
} as const;

/** A page of a list. `total` is exact up to 10,000 and 10,000 beyond (`totalIsMinimum`). */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().optional(),
    total: z.number().int(),
    totalIsMinimum: z.boolean(),
  });
export type Page<T> = { items: T[]; next?: string | undefined; total: number; totalIsMinimum: boolean };

/** The body of every failed request. `message` is for people. */
export const ApiError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** Finds the request in the logs. */
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type ApiError = z.infer<typeof ApiError>;

/** A query parameter that may be given several times or comma-separated. */
export const list = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) =>
      value === undefined
        ? undefined
        : (Array.isArray(value) ? value : String(value).split(',')).filter((part) => part !== ''),
    z.array(item).max(100).optional(),
  );

export const flag = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());

export const Labels = z.record(z.string(), z.string());

export const FacetCount = z.object({ value: z.string(), label: z.string(), count: z.number().int() });
export const Facet = z.object({ name: z.string(), label: z.string(), values: z.array(FacetCount) });
export type Facet = z.infer<typeof Facet>;
