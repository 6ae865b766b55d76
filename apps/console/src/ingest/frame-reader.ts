import {
  type FrameHeader,
  frameLimits,
  type InventoryRecord,
  InventoryRecord as InventoryRecordSchema,
  readFrameBody,
  recordHash,
  recordKinds,
  SnapshotBegin,
  SnapshotEnd,
} from '@parapet/contract/wire';
import { fail, needsStorableText, ok, type Problem, problem, type Result, storable, storableText } from '@parapet/core';
import { z } from 'zod';

/** A record as it came, with the hash that counts in the digest. */
export type PutRecord = { readonly record: InventoryRecord; readonly hash: bigint };

export type InventoryItem =
  | { readonly kind: 'put'; readonly put: PutRecord }
  | { readonly kind: 'snapshot-begin'; readonly bootId: string; readonly takenAt: number }
  | { readonly kind: 'snapshot-end' }
  /** A record whose shape is wrong or whose kind is of a newer version. It counts in the digest when it says what it is. */
  | { readonly kind: 'refused'; readonly id: RefusedId | undefined; readonly cause: 'malformed' | 'unknown-kind' };

export type RefusedId = {
  readonly kind: string;
  readonly key: string;
  readonly hash: bigint;
  readonly live: boolean;
};

export type InventoryBody = { readonly items: readonly InventoryItem[]; readonly unknownMessages: number };

/**
 * Reads the body of an inventory frame whose header was verified. It fails as a whole when it does not decompress or is not
 * NDJSON within the limits; a single record of a wrong shape is an item of its own, since refusing the frame for it would
 * stop the stream for good.
 */
export const readInventoryFrame = (data: Buffer, header: FrameHeader): Result<InventoryBody, Problem> => {
  const body = readFrameBody(data, header);
  return body.ok ? readInventoryBody(body.value) : body;
};

export const readInventoryBody = (body: Buffer): Result<InventoryBody, Problem> => {
  const lines = readLines(body);
  if (!lines.ok) return lines;
  const items: InventoryItem[] = [];
  let unknownMessages = 0;
  for (const value of lines.value) {
    const item = readItem(value);
    if (item === undefined) unknownMessages += 1;
    else items.push(item);
  }
  return ok({ items, unknownMessages });
};

/** Splits NDJSON into objects. Fails with `frame-lines` or `frame-json`. */
export const readLines = (body: Buffer): Result<readonly Record<string, unknown>[], Problem> => {
  const lines = body.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > frameLimits.lines || lines.length === 0) {
    return fail(problem('frame-lines', `A frame must have 1 to ${frameLimits.lines} lines.`));
  }
  const values: Record<string, unknown>[] = [];
  for (const line of lines) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return fail(problem('frame-json', 'A line of the frame is not JSON.'));
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return fail(problem('frame-json', 'A line of the frame is not an object.'));
    }
    values.push(value as Record<string, unknown>);
  }
  return ok(values);
};

const known: ReadonlySet<string> = new Set(recordKinds);

const readItem = (value: Record<string, unknown>): InventoryItem | undefined => {
  switch (value['kind']) {
    case 'put':
      return readPut(value['record']);
    case 'snapshot-begin': {
      const parsed = SnapshotBegin.safeParse(value);
      return parsed.success ? parsed.data : malformed(undefined);
    }
    case 'snapshot-end':
      return SnapshotEnd.safeParse(value).success ? { kind: 'snapshot-end' } : malformed(undefined);
    default:
      return undefined;
  }
};

const malformed = (id: RefusedId | undefined): InventoryItem => ({ kind: 'refused', id, cause: 'malformed' });

const readPut = (raw: unknown): InventoryItem => {
  const identity = Identity.safeParse(raw);
  if (!identity.success) return malformed(undefined);
  const { kind, key } = identity.data;
  const json = JSON.stringify(raw);
  const hash = recordHash(kind, key, json);
  const id = { kind: storableText(kind), key: storableText(key), hash, live: identity.data.endedAt === undefined };
  if (!known.has(kind)) return { kind: 'refused', id, cause: 'unknown-kind' };
  const parsed = InventoryRecordSchema.safeParse(needsStorableText(json) ? storable(raw) : raw);
  return parsed.success ? { kind: 'put', put: { record: parsed.data, hash } } : malformed(id);
};

const Identity = z.object({
  kind: z.string().min(1).max(64),
  key: z.string().min(1).max(512),
  endedAt: z.unknown().optional(),
});
