import { type ConnectorEvent, openConnectorWatch } from '../../kernel-watch/connector-watch.ts';
import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { processId } from '../../kernel-watch/process-identity.ts';
import { openBestTeller, type StartTeller } from '../../kernel-watch/start-teller.ts';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createBriefLives } from './brief-lives.ts';
import { describeStart } from './process-events.ts';
import { type ActivityDeps, tellEvent } from './tell-event.ts';

/** Events of processes alone, for where our programs cannot run in the kernel: what is better than nothing, and says so. */
export const startFromConnector = (parts: {
  readonly context: CollectorContext;
  readonly source: TelemetrySource;
  readonly kernel: Pick<KernelWatch, 'memory' | 'board'>;
  /** What may tell the arguments of starts, best first. */
  readonly tellers: readonly StartTeller[];
  /** Why our programs that read the kernel's types do not run. */
  readonly refusal: string;
  readonly deps: ActivityDeps;
  /** Hears of containers that were over before anybody reported them. */
  readonly endLife: WorkloadDirectoryStore['endLife'];
}): RunningCollector => {
  const { context, source, kernel } = parts;
  const { teller, opened: tells, refusals } = openBestTeller(parts.tellers);
  const refusal = [parts.refusal, ...refusals].join(' ');
  const deps: ActivityDeps = { ...parts.deps, source: 'proc-connector' };
  const lives = createBriefLives({
    ...{ workloads: context.workloads, endLife: parts.endLife, wallTimeUs: deps.wallTimeUs },
  });
  let failure: string | undefined;
  const opened = openConnectorWatch({
    ...{ procPath: context.procPath, memory: kernel.memory, board: kernel.board, teller: tells },
    onEvent: (event) => {
      lives.take(event);
      tell(event, source, deps, teller?.name);
    },
    onBlind: () => context.blind('The kernel’s process events overflowed: some starts and ends were not told.'),
    onFailed: (cause) => {
      failure = cause;
      context.report({ state: 'refused', source: 'none', reason: `${cause} ${refusal}` });
    },
  });
  if (!opened.ok) {
    tells?.close();
    context.report({ state: 'refused', source: 'none', reason: `${refusal} ${opened.error.message}` });
    return { stop: async () => {} };
  }
  context.report({
    state: 'degraded',
    source: `process events of the kernel (proc connector), ${teller === undefined ? '/proc' : `arguments by ${teller.words}`}`,
    reason: `Only starts, ends and changes of user or group are told${teller === undefined ? '; of what lives for milliseconds not the file and the arguments' : ''}. ${refusal}`,
  });
  let before = { lost: 0, unknown: 0, unread: 0 };
  const account = (): void => {
    const now = opened.value.account();
    for (const [stage, cause, count] of [
      ['kernel', 'process events dropped', now.lost - before.lost],
      ['reader', 'process gone before it was known', now.unknown - before.unknown],
    ] as const) {
      if (count === 0) continue;
      source.lost({ stage, cause, count });
    }
    // Told all the same, so no event is lost: but what makes a start worth reading is.
    const unread = now.unread - before.unread;
    if (unread > 0) context.lose({ stage: 'reader', cause: 'arguments of a start', count: unread });
    source.account(now.produced);
    before = now;
  };
  const timer = setInterval(() => failure ?? account(), accountEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      opened.value.close();
      account();
    },
  };
};

const accountEveryMs = 5000;

const tell = (
  event: ConnectorEvent,
  source: TelemetrySource,
  deps: ActivityDeps,
  teller: StartTeller['name'] | undefined,
): void => {
  if (event.kind !== 'start') {
    tellEvent(event, undefined, source, deps);
    return;
  }
  deps.rights.note(processId(event.process.pid, event.process.startNs), event.process);
  const by = event.start?.isTold === true && teller !== undefined ? { ...deps, source: teller } : deps;
  if (source.wants('exec')) source.tell('process', describeStart(event, by));
  else source.unwanted(1);
};
