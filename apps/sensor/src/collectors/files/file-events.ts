import { maxTextLength, type TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedProcess } from '@parapet/kernel';
import { describeProcess, type EventDeps } from '../activity/event-base.ts';
import type { ChangedContent } from './content-hashes.ts';
import type { FileChange } from './file-change.ts';

/**
 * `user.id` and all of `process.` are who did it, which may be a process of the host working in a container: `container.id` is then
 * the container whose file it is.
 */
export const describeFile = (
  change: FileChange,
  {
    atNs,
    process,
    container,
  }: {
    readonly atNs: bigint;
    readonly process: ProbedProcess | undefined;
    /** Runtime's id of the container whose file it is; `undefined` for the host's. */
    readonly container: string | undefined;
  },
  deps: EventDeps,
): TelemetryEvent => {
  const event: TelemetryEvent =
    process === undefined
      ? { '@timestamp': deps.wallTimeUs(atNs), 'event.action': change.action }
      : describeProcess(change.action, { atNs, process }, deps);
  event['parapet.source'] = 'fanotify';
  if (process === undefined && change.pid > 0) event['process.pid'] = change.pid;
  if (container !== undefined) event['container.id'] = container;
  if (change.path !== undefined) event['file.path'] = change.path.slice(0, maxTextLength);
  if (change.target !== undefined) event['file.target_path'] = change.target.slice(0, maxTextLength);
  if (change.isFolder) event['file.type'] = 'dir';
  return event;
};

/** What is known of the content before and after. */
export const hashFields = ({
  before,
  after,
  absent,
}: ChangedContent): Pick<
  TelemetryEvent,
  'file.hash.sha256' | 'parapet.file.previous.sha256' | 'parapet.file.hash_absent'
> => ({
  ...(before === undefined ? {} : { 'parapet.file.previous.sha256': before }),
  ...(after === undefined ? {} : { 'file.hash.sha256': after }),
  ...(absent === undefined ? {} : { 'parapet.file.hash_absent': absent }),
});
