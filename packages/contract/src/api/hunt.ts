import { z } from 'zod';
import { eventActions, type FieldName, telemetryFields } from '../telemetry/fields.ts';
import { Id, Instant } from './common.ts';
import { route, scoped } from './route.ts';

const fieldNames = Object.keys(telemetryFields) as [FieldName, ...FieldName[]];
const HuntField = z.enum(fieldNames);

/** What a hunt is about: text of the hunt language, and a span of time. */
const Span = {
  q: z.string().max(4096).default(''),
  since: Instant,
  until: Instant,
};

/** An event by its fields; those that it does not have are absent. Times are microseconds since the Unix epoch. */
export const HuntEvent = z.partialRecord(
  HuntField,
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
);
export type HuntEvent = z.infer<typeof HuntEvent>;

/**
 * What may be missing from the span: events that were counted as lost, spans in which a sensor could not count, and events
 * that the console had and does not have any more (collector `store`: past their time, let go to make room, not in a backup).
 */
export const HuntGap = z.object({
  /** Absent where it concerns all hosts. */
  hostId: Id.optional(),
  hostName: z.string().optional(),
  collector: z.string(),
  from: Instant,
  to: Instant.optional(),
  /** Events lost; absent when nobody could count them. */
  lost: z.number().int().optional(),
  /** Events that were stored and let go, which is no loss; absent for who may not see all hosts. */
  deleted: z.number().int().optional(),
  cause: z.string(),
});
export type HuntGap = z.infer<typeof HuntGap>;

export const huntRoutes = {
  'hunt.events': route({
    method: 'GET',
    path: '/api/v1/hunt/events',
    summary: 'Events that a hunt finds, newest first',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object({
      ...Span,
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      after: z.string().max(256).optional(),
    }),
    response: z.object({
      items: z.array(HuntEvent),
      /** Give it as `after` for what follows; absent at the end. */
      next: z.string().optional(),
      gaps: z.array(HuntGap).max(500),
    }),
  }),
  'hunt.histogram': route({
    method: 'GET',
    path: '/api/v1/hunt/histogram',
    summary: 'How many events a hunt finds, over time',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object({ ...Span, steps: z.coerce.number().int().min(1).max(500).default(60) }),
    response: z.object({
      stepMs: z.number().int(),
      total: z.number().int(),
      buckets: z.array(z.object({ at: Instant, count: z.number().int() })).max(1001),
    }),
  }),
  'hunt.values': route({
    method: 'GET',
    path: '/api/v1/hunt/values',
    summary: 'The most frequent values of a field among the events that a hunt finds',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object({ ...Span, field: HuntField, limit: z.coerce.number().int().min(1).max(100).default(10) }),
    response: z.object({ values: z.array(z.object({ value: z.string(), count: z.number().int() })) }),
  }),
  'hunt.fields': route({
    method: 'GET',
    path: '/api/v1/hunt/fields',
    summary: 'The fields that hunts can name, and since when there are events',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    response: z.object({
      fields: z.array(z.object({ name: z.string(), type: z.string(), about: z.string() })),
      actions: z.array(z.enum(eventActions)),
      store: z.object({ events: z.number().int(), bytes: z.number().int(), since: Instant.optional() }),
    }),
  }),
} as const;
