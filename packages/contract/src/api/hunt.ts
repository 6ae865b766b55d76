import { z } from 'zod';
import { eventActions, type FieldName, telemetryFields } from '../telemetry/fields.ts';
import { Id, Instant } from './common.ts';
import { route, scoped, unscoped } from './route.ts';

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
 * that the console had and does not have any more (collector `store`: past their time, let go to make room, not in a backup),
 * what the telemetry policy left out on purpose (collector `policy`), and what nobody watched (`unwatched`).
 */
export const HuntGap = z.object({
  /** Absent where it concerns more than one host. */
  hostId: Id.optional(),
  hostName: z.string().optional(),
  /** How many hosts, where it concerns several and not all. */
  hosts: z.number().int().optional(),
  collector: z.string(),
  from: Instant,
  to: Instant.optional(),
  /** Nobody was there to see: before a host's sensor was installed, or where a collector cannot work. No loss. */
  unwatched: z.literal(true).optional(),
  /** Events lost; absent when nobody could count them. */
  lost: z.number().int().optional(),
  /** Events that were stored and let go, which is no loss; absent for who may not see all hosts. */
  deleted: z.number().int().optional(),
  cause: z.string(),
});
export type HuntGap = z.infer<typeof HuntGap>;

/** What an answer has room for: more are folded, see `fold-gaps.ts` of the console. */
export const maxGaps = 600;

/** What a collector says of its events: sums over a span of time. `produced = told + unwanted + lost`. */
export const EventAccount = z.object({
  collector: z.string(),
  produced: z.number().int(),
  /** Told to the console. */
  told: z.number().int(),
  /** Left out: not wanted by the policy, or told by the kernel and of no kind that is recorded, such as a fork. */
  unwanted: z.number().int(),
  lost: z.number().int(),
  /** Where and why, most first. */
  losses: z.array(z.object({ stage: z.string(), cause: z.string(), count: z.number().int() })).max(100),
});
export type EventAccount = z.infer<typeof EventAccount>;

/** A hunt that somebody kept, for all who may hunt. */
export const SavedHunt = z.object({
  id: Id,
  name: z.string(),
  q: z.string(),
  /** Minutes back from now. */
  minutes: z.number().int(),
  columns: z.array(z.string()),
  createdBy: z.string(),
  createdAt: Instant,
});
export type SavedHunt = z.infer<typeof SavedHunt>;

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
      gaps: z.array(HuntGap).max(maxGaps),
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
      /** `since`: no event is older. How many there are is absent for somebody with a scope: it would count those of others. */
      store: z.object({
        events: z.number().int().optional(),
        bytes: z.number().int().optional(),
        since: Instant.optional(),
      }),
    }),
  }),
  'hunt.export': route({
    method: 'GET',
    path: '/api/v1/hunt/export',
    summary:
      'All events that a hunt finds, newest first (Parquet: in no order, 5,000,000 at most); the file’s name says when some of the span was not seen',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object({ ...Span, format: z.enum(['ndjson', 'csv', 'parquet']).default('ndjson') }),
    responseStream: 'application/octet-stream',
  }),
  'hunt.accounts': route({
    method: 'GET',
    path: '/api/v1/hunt/accounts/:hostId',
    summary: 'What became of the events of one host in a span of time: told, left out, lost and why, and blind spans',
    tag: 'hunt',
    access: scoped('sensors:read'),
    params: z.object({ hostId: Id }),
    query: z.object({
      since: Instant,
      until: Instant,
      steps: z.coerce.number().int().min(1).max(200).default(60),
    }),
    response: z.object({
      collectors: z.array(EventAccount).max(100),
      stepMs: z.number().int(),
      /** By the end of the account that told them; steps without any are left out. */
      buckets: z.array(z.object({ at: Instant, produced: z.number().int(), lost: z.number().int() })).max(500),
      blind: z.array(HuntGap).max(maxGaps),
    }),
  }),
  'savedHunts.list': route({
    method: 'GET',
    path: '/api/v1/saved-hunts',
    summary: 'Hunts that people kept, by name',
    tag: 'hunt',
    access: unscoped('telemetry:read'),
    response: z.object({ items: z.array(SavedHunt).max(500) }),
  }),
  'savedHunts.create': route({
    method: 'POST',
    path: '/api/v1/saved-hunts',
    summary: 'Keep a hunt for everybody who may hunt; one of the same name of one’s own is replaced',
    tag: 'hunt',
    access: unscoped('telemetry:read'),
    body: z.object({
      name: z.string().trim().min(1).max(128),
      q: Span.q,
      minutes: z.number().int().min(1).max(43_200),
      columns: z.array(z.string().max(64)).max(20).default([]),
    }),
    response: SavedHunt,
  }),
  'savedHunts.delete': route({
    method: 'DELETE',
    path: '/api/v1/saved-hunts/:savedHuntId',
    summary: 'Forget a kept hunt: one’s own, or as an admin any',
    tag: 'hunt',
    access: unscoped('telemetry:read'),
    params: z.object({ savedHuntId: Id }),
  }),
} as const;
