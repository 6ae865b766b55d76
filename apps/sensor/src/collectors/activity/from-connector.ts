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
export const startFromConnector = async (parts: {
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
}): Promise<RunningCollector> => {
  const { context, source, kernel } = parts;
  const { teller, opened: tells, refusals } = await openBestTeller(parts.tellers);
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
    await tells?.close();
    context.report({ state: 'refused', source: 'none', reason: `${refusal} ${opened.error.message}` });
    return { stop: async () => {} };
  }
  let trouble = tells?.trouble?.();
  const report = (): void => {
    const words = trouble === undefined ? teller?.words : undefined;
    context.report({
      state: 'degraded',
      source: `process events of the kernel (proc connector), ${words === undefined ? '/proc' : `arguments by ${words}`}`,
      reason: `Only starts, ends and changes of user or group are told${words === undefined ? '; of what lives for milliseconds not the file and the arguments' : ''}. ${[trouble ?? tells?.remark ?? [], refusal].flat().join(' ')}`,
    });
  };
  report();
  let before = { lost: 0, unknown: 0, unread: 0, dropped: 0, hasDropped: false };
  const account = async (): Promise<void> => {
    const dropped = (await tells?.lost?.()) ?? 0;
    const now = { ...opened.value.account(), dropped, hasDropped: dropped > before.dropped };
    for (const [stage, cause, count] of [
      ['kernel', 'process events dropped', now.lost - before.lost],
      ['reader', 'process gone before it was known', now.unknown - before.unknown],
    ] as const) {
      if (count === 0) continue;
      source.lost({ stage, cause, count });
    }
    // Told all the same, so no event is lost: but what makes a start worth reading is.
    const unread = now.unread - before.unread;
    // A start is waited for after the kernel dropped what would have told of it.
    const stage = now.hasDropped || before.hasDropped ? 'kernel' : 'reader';
    if (unread > 0) context.lose({ stage, cause: 'arguments of a start', count: unread });
    source.account(now.produced);
    before = now;
    if (trouble === tells?.trouble?.()) return;
    trouble = tells?.trouble?.();
    report();
  };
  let accounting = Promise.resolve();
  const accountInTurn = (): Promise<void> => {
    accounting = accounting.then(account);
    return accounting;
  };
  const timer = setInterval(() => void (failure ?? accountInTurn()), accountEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      opened.value.close();
      await accountInTurn();
      await tells?.close();
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
