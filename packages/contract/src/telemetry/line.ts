import { z } from 'zod';
import { TelemetryEvent } from './event.ts';

/**
 * What the telemetry channel carries: one object a line. A frame is stored once, by (host, epoch, sequence); the console keeps
 * it as it came and acknowledges it when it is on disk. Unlike the inventory's, an epoch does not begin with a snapshot: it only
 * says that numbers begin anew because the spool did. Numbers may leap: frames that had to leave a full spool are never sent,
 * and an account counts what was in them. So credit is a count here: `limit - acked` frames may be under way.
 *
 * Losses travel beside the events that they are about, so that whoever holds the stream can check it: over all accounts that
 * are the last of their (collector, since), the sum of `produced` = events in the stream + all `lost` + `unwanted`. What went
 * with a frame that a full spool dropped is in the account of the collector `spool`, which produces nothing. Accounts are
 * sums since a start, so that one that is lost with its frame takes nothing away but the detail of when.
 */
const timeMs = z.number().int().nonnegative().max(8.64e15);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const name = z.string().max(150);

/** Where an event was lost, from the kernel to the wire, in its order. */
export const lossStages = ['kernel', 'reader', 'filter', 'queue', 'spool', 'wire', 'ingest', 'store'] as const;
export type LossStage = (typeof lossStages)[number];

export const TelemetryAccount = z.object({
  kind: z.literal('account'),
  collector: name,
  /** By the host's clock: when the counts began, and until when they are complete. */
  since: timeMs,
  to: timeMs,
  /** Events that the source made, as the source itself counts them. */
  produced: count,
  /** Events that were put into the stream. */
  told: count,
  lost: z.array(z.object({ stage: z.enum(lossStages), cause: name, count })).max(64),
  /** Events that a policy does not want: neither told nor lost. */
  unwanted: count,
});
export type TelemetryAccount = z.infer<typeof TelemetryAccount>;

export const TelemetryEventLine = z.object({ kind: z.literal('event'), event: TelemetryEvent });
export const TelemetryLine = z.discriminatedUnion('kind', [TelemetryEventLine, TelemetryAccount]);
export type TelemetryLine = z.infer<typeof TelemetryLine>;
