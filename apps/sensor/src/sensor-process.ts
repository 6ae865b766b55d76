import { writeFileSync } from 'node:fs';
import type { ChildMessage } from '@parapet/contract/control';
import { AppError, messageOf, systemClock } from '@parapet/core';
import { trimMemory } from '@parapet/kernel';
import { makeConfig, type SensorConfig } from './config/config.ts';
import { readEnv } from './config/env.ts';
import { readKeyFromInput } from './config/secrets.ts';
import { createLog } from './log.ts';
import { createSensor, type Sensor } from './sensor.ts';

/** Runs the sensor as a process: signals, the parent's channel, memory and the last words are handled here. */
export const runSensorProcess = async (): Promise<void> => {
  let sensor: Sensor | undefined;
  try {
    const config = makeConfig(readEnv(process.env), { isRoot: process.geteuid?.() === 0 });
    const log = createLog(config.logLevel);
    protectFromMemoryPressure(config);
    sensor = await createSensor({
      config,
      log,
      clock: systemClock,
      entryPath: process.argv[1] ?? '',
      notice: (text) => tell({ kind: 'notice', text: text.slice(0, 1024) }),
      readKey: () => readKeyFromInput(process.stdin, (text) => process.stderr.write(text)),
    });
    if (config.enrolOnly) {
      await sensor.stop('stop');
      process.exit(0);
    }
    stopWith(sensor);
    await sensor.start();
    tell({ kind: 'ready', addresses: [] });
    trimRegularly();
  } catch (error) {
    const message = messageOf(error);
    tell({ kind: 'failed', message: message.slice(0, 4096) });
    process.stderr.write(`${error instanceof AppError ? message : `The sensor failed: ${stackOf(error)}`}\n`);
    await sensor?.stop('stop').catch(() => undefined);
    process.exit(1);
  }
};

const tell = (message: ChildMessage): void => {
  if (process.connected) process.send?.(message);
};

const stopWith = (sensor: Sensor): void => {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    sensor.stop('stop').then(
      () => process.exit(0),
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
};

const firstTrimMs = 8000;
const trimEveryMs = 15_000;

/** Most of an idle Node process is program text that is not needed; it comes back from the page cache when it is. */
const trimRegularly = (): void => {
  setTimeout(() => {
    trimMemory();
    setInterval(() => trimMemory(), trimEveryMs).unref();
  }, firstTrimMs).unref();
};

/** When memory runs out workloads shall go before what watches them, but not at any price. */
const protectFromMemoryPressure = (config: SensorConfig): void => {
  if (!config.isRoot) return;
  try {
    writeFileSync('/proc/self/oom_score_adj', '-500');
  } catch {
    // In a container without that right the kernel's own choice stands.
  }
};

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
