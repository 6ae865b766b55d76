import { messageOf } from '@parapet/core';
import {
  allEvents,
  countOverTime,
  createFilledColumns,
  exportEvents,
  findEvents,
  mergeEvents,
  openEngine,
  topValues,
} from '@parapet/telemetry';
import { convertSegments } from './convert-segments.ts';
import type { WorkerAnswer, WorkerRequest } from './worker-messages.ts';

/** Works on files of events for its parent, one job after the other, in a process that can be killed. */
const [folder = '', memoryMegabytes = '256'] = process.argv.slice(2);
const engine = await openEngine({ folder, memoryMegabytes: Number(memoryMegabytes), threads: 1 });
const filledIn = createFilledColumns(engine);

const work = ({ name, job }: WorkerRequest): Promise<unknown> => {
  switch (name) {
    case 'convert':
      return convertSegments(engine, job);
    case 'merge':
      return mergeEvents(engine, job.files, job.to);
    case 'find':
      return findEvents(engine, filledIn, job.scope, job);
    case 'all':
      return allEvents(engine, filledIn, job.scope, job.limit);
    case 'histogram':
      return countOverTime(engine, job.scope, job);
    case 'export':
      return exportEvents(engine, job.scope, job);
    case 'values':
      return topValues(engine, job.scope, job.field, job.limit);
  }
};

const answer = (message: WorkerAnswer): void => {
  process.send?.(message);
};

answer({ kind: 'ready' });
process.once('disconnect', () => process.exit(0));
process.on('message', (request: WorkerRequest) => {
  work(request).then(
    (result) => answer({ kind: 'done', result, keptBytes: process.memoryUsage.rss() }),
    (error: unknown) => answer({ kind: 'failed', message: messageOf(error), keptBytes: process.memoryUsage.rss() }),
  );
});
