import { createHash } from 'node:crypto';

/**
 * The digest of a set of live records: the XOR of a 64-bit hash of each record's kind, key and JSON, as 16 hex digits.
 * Order does not matter and one record is added or removed in constant time, so both ends keep it as they go.
 *
 * The JSON is what `JSON.stringify` makes of the record as it was on the line, before a schema strips or reorders anything:
 * the receiver hashes `JSON.stringify(JSON.parse(line).record)`. So both ends agree even when one knows fields that the other
 * does not. Which records count is told by `isLiveRecord`.
 */
export const recordHash = (kind: string, key: string, json: string): bigint =>
  createHash('sha256').update(`${kind}\0${key}\0${json}`).digest().readBigUInt64BE(0);

export const digestText = (digest: bigint): string => digest.toString(16).padStart(16, '0');

export const emptyDigest = 0n;
