import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildMessage } from '@parapet/contract/control';
import type { Goodbye } from '@parapet/contract/wire';
import { AppError, messageOf, systemClock } from '@parapet/core';
import { readExtendedAttribute, returnFreedMemoryEarly, trimMemory } from '@parapet/kernel';
import { makeConfig, type SensorConfig } from './config/config.ts';
import { readEnv } from './config/env.ts';
import { readKeyFromInput } from './config/secrets.ts';
import { createLog, type Log } from './log.ts';
import { readStartTicks } from './proc/start-ticks.ts';
import { readOwnGroups } from './protection/control-groups.ts';
import { memoryPressure } from './protection/memory-watch.ts';
import { enterOwnGroup, groupNameOf, type OwnGroup } from './protection/own-group.ts';
import { throttleOnceSettled } from './protection/settling.ts';
import { createHeapKeeping } from './protection/small-heap.ts';
import { createSensor, type Sensor } from './sensor.ts';
import { become, ownCommand, startEnvironment } from './upgrade/become.ts';
import { systemFiles } from './upgrade/files.ts';
import { handOver } from './upgrade/hand-over.ts';
import { type Installation, launcherOf, locateProgram } from './upgrade/program.ts';
import type { UpgradeRecord } from './upgrade/record.ts';
import { openUpgradeRecord } from './upgrade/record-file.ts';
import { runTrial, type TrialMessage } from './upgrade/trial.ts';

/** Runs the sensor as a process: signals, the parent's channel, memory and the last words are handled here. */
export const runSensorProcess = async (options: { readonly onTrial: boolean }): Promise<void> => {
  const { onTrial } = options;
  // Who read it may be gone. Unheard, its error would be one more thing to say there, and so on for ever.
  process.stderr.on('error', () => undefined);
  let sensor: Sensor | undefined;
  try {
    returnFreedMemoryEarly();
    const config = makeConfig(readEnv(process.env), { isRoot: process.geteuid?.() === 0 });
    const log = createLog(config.logLevel);
    const entryPath = process.argv[1] ?? '';
    const program = locateProgram(entryPath, {
      isContainer: config.isContainer,
      hasParent: process.connected && !onTrial,
    });
    const isSpared = spareFromMemoryPressure(config);
    const group = onTrial || config.enrolOnly ? undefined : enterOwnGroup(config.limits, surroundings(config));
    sensor = await createSensor({
      ...{ config, log, clock: systemClock, program, onTrial, entryPath },
      onHandOver: (record) => void life.handOver(record),
      onConnection: ({ state, text }) => {
        if (!onTrial) return;
        tell(state === 'connected' ? { kind: 'connected' } : { kind: 'waiting', text });
      },
      notice: (text) => tell({ kind: 'notice', text: text.slice(0, 1024) }),
      readKey: () => readKeyFromInput(process.stdin, (text) => process.stderr.write(text)),
    });
    if (config.enrolOnly) {
      await sensor.stop('stop');
      process.exit(0);
    }
    const life = livesOf({ sensor, config, log, onTrial, installation: program.installation, group, isSpared });
    await sensor.start();
    tell({ kind: 'ready', addresses: [] });
    life.protect();
    trimRegularly();
  } catch (error) {
    const message = messageOf(error);
    tell({ kind: 'failed', message: message.slice(0, 4096) });
    process.stderr.write(`${error instanceof AppError ? message : `The sensor failed: ${stackOf(error)}`}\n`);
    await sensor?.stop('stop').catch(() => undefined);
    process.exit(1);
  }
};

const tell = (message: ChildMessage | TrialMessage): void => {
  if (process.connected) process.send?.(message);
};

type Life = {
  /** Limits, and a watch on what would otherwise end the process without a word. */
  readonly protect: () => void;
  readonly handOver: (record: UpgradeRecord) => Promise<void>;
};

/** How the process ends, and what it becomes then. From the first end that begins, no other one counts. */
const livesOf = (parts: {
  readonly sensor: Sensor;
  readonly config: SensorConfig;
  readonly log: Log;
  readonly onTrial: boolean;
  readonly installation: Installation | undefined;
  readonly group: OwnGroup | undefined;
  readonly isSpared: boolean;
}): Life => {
  const { sensor, config, log, group } = parts;
  const stopped = new AbortController();
  let ending = false;

  const stop = (): void => {
    // While a new version is tried there is nothing to say goodbye to: the trial is ended, and this process with it.
    stopped.abort();
    if (ending) return;
    ending = true;
    sensor.stop(reasonToStop(config.stateDir, parts.onTrial)).then(
      () => {
        group?.leave();
        process.exit(0);
      },
      (error: unknown) => {
        process.stderr.write(`The sensor did not stop cleanly: ${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever started it is gone without a word.
  process.on('disconnect', stop);

  /** Ends without a goodbye, but with the reason where the next run finds it, and starts anew. */
  const startAnew = async (cause: 'crash' | 'memory-limit', detail: string): Promise<void> => {
    if (ending) return;
    ending = true;
    log.error('the sensor starts anew', { cause, detail });
    await sensor.failing(cause, detail).catch(() => undefined);
    // A parent of ours starts it again; a service manager would too, but only by its own count of tries.
    if (process.connected || cause === 'crash') process.exit(exitCodes[cause]);
    become(ownCommand(), startEnvironment());
  };
  process.on('uncaughtException', (error) => {
    process.stderr.write(`The sensor failed: ${stackOf(error)}\n`);
    void startAnew('crash', messageOf(error));
  });

  return {
    protect: () => {
      if (group === undefined) return;
      throttleOnceSettled(group, log);
      sensor.tellLimits(
        parts.isSpared ? group : { ...group, reason: [group.reason, unspared].filter(Boolean).join(' ') },
      );
      log.info('limits', { source: group.source, reason: group.reason });
      let pressed = 0;
      setInterval(() => {
        const pressure = memoryPressure(group.limits.memoryBytes);
        // Once may be a moment before the collector of garbage.
        pressed = pressure === undefined ? 0 : pressed + 1;
        if (pressure !== undefined && pressed > 1) void startAnew('memory-limit', pressure.detail);
      }, memoryWatchMs).unref();
    },
    handOver: async (record) => {
      const { installation } = parts;
      if (ending || installation === undefined) return;
      ending = true;
      await sensor.stop('upgrade');
      trimMemory();
      const build = await handOver(
        {
          ...{ installation, stateDir: config.stateDir, files: systemFiles, log },
          env: startEnvironment(),
          record: await openUpgradeRecord(config.stateDir),
          run: runTrial,
          startTicksOf: readStartTicks,
          reachConsole: sensor.reachConsole,
          signal: stopped.signal,
        },
        record,
      );
      if (stopped.signal.aborted) process.exit(0);
      becomeVersion(installation.rootDir, build, log);
    },
  };
};

const exitCodes = { crash: 70, 'memory-limit': 75 } as const;
const memoryWatchMs = 10_000;

const becomeVersion = (rootDir: string, build: string, log: Log): void => {
  try {
    become([launcherOf(rootDir, build), 'run'], startEnvironment());
  } catch (error) {
    // Whoever watches over it starts what `current` names.
    log.error('the sensor could not become the version it is to be', { build, error: messageOf(error) });
    process.exit(exitCodes.crash);
  }
};

/** The installation leaves this file when it takes the sensor away. */
const reasonToStop = (stateDir: string, onTrial: boolean): Goodbye['reason'] => {
  if (onTrial) return 'upgrade';
  return existsSync(join(stateDir, 'uninstall')) ? 'uninstall' : 'stop';
};

const surroundings = (config: SensorConfig) => ({
  groups: groupsOrNone(config.procPath),
  name: groupNameOf(config.stateDir),
  pid: process.pid,
  isRoot: config.isRoot,
  hasSystemd: existsSync('/run/systemd/system'),
  isDelegated: (folder: string) =>
    ['trusted.delegate', 'user.delegate'].some(
      (name) => readExtendedAttribute(folder, name)?.toString('latin1') === '1',
    ),
});

const groupsOrNone = (procPath: string) => {
  try {
    return readOwnGroups(procPath);
  } catch {
    // A kernel without control groups.
    return { v1: { memory: undefined, cpu: undefined }, v2: undefined };
  }
};

const firstTrimMs = 8000;
const trimEveryMs = 15_000;

/** Most of an idle Node process is program text that is not needed; it comes back from the page cache when it is. */
const trimRegularly = (): void => {
  const keepHeap = createHeapKeeping();
  const trim = (): void => {
    keepHeap();
    trimMemory();
  };
  setTimeout(() => {
    trim();
    setInterval(trim, trimEveryMs).unref();
  }, firstTrimMs).unref();
};

/** When memory runs out workloads shall go before what watches them, but not at any price. */
const spareFromMemoryPressure = (config: SensorConfig): boolean => {
  if (!config.isRoot) return false;
  try {
    writeFileSync('/proc/self/oom_score_adj', '-500');
    return true;
  } catch {
    // In a container without that right the kernel's own choice stands.
    return false;
  }
};

const unspared =
  'When the host runs out of memory it is not spared: it may not lower its own score (CAP_SYS_RESOURCE).';

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
