import type { RecordKind } from '@parapet/contract/wire';
import { ingestConnections } from '../database/connect.ts';

/** How many live records of a kind one host may have. What goes beyond is refused, counted and shown as a loss. */
export const recordLimits: Readonly<Record<RecordKind, number>> = {
  host: 1,
  container: 5000,
  image: 10_000,
  process: 20_000,
  listener: 20_000,
  edge: 50_000,
  collector: 64,
  blind: 1000,
  loss: 1000,
};

export const ingestLimits = {
  /** Frames of one sensor that may wait here. */
  windowFrames: 32,
  /** Frames of all sensors that may wait here: with 64 KiB each this bounds the memory of the queue. */
  totalFrames: 4096,
  /** Frames and records stored in one transaction; the frame that reaches the latter is its last. */
  batchFrames: 16,
  batchRecords: 4096,
  /** Transactions at a time. */
  writers: ingestConnections,
  /** Sensors whose frames are stored in one transaction when they wait together, and the records that close such a group. */
  groupStreams: 16,
  groupRecords: 1024,
  /** Transactions that a sensor has for itself after one of its frames could not be stored. */
  aloneAfterRefusal: 100,
  /** Records that count in the digest but could not be understood, per host. */
  refusedRecords: 1000,
  /** Reports that one transaction resolves anew because an address got another owner. */
  reresolvedReports: 5000,
} as const;
