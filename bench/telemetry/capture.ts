import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Captured } from './capture-child.ts';
import { writeTinyProgram } from './tiny-program.ts';

export type CaptureOptions = {
  /** Programs to start a second, and for how long. */
  readonly rate: number;
  readonly seconds: number;
  /** Events that may wait in the sensor. */
  readonly queueEvents?: number;
  readonly spoolBytes?: number;
  /** Each second the sensor does nothing for so long. */
  readonly stallMs?: number;
  /** Where the chain of sources begins: default the best. */
  readonly source?: string;
};
export type Capture = Captured & { readonly generated: number; readonly tookSeconds: number };

/** Lets programs be started and looks at what the sensor's way of events made of them. */
export const capture = async (options: CaptureOptions): Promise<Capture> => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-generator-'));
  const program = join(folder, 'tiny');
  writeTinyProgram(program);
  const sensor = await startCapture(options);
  try {
    const made = await generate(program, options.rate, options.seconds);
    // What lives a millisecond is over a moment later.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const captured = await sensor.finish();
    return { ...captured, generated: made.started, tookSeconds: made.tookMs / 1000 };
  } finally {
    sensor.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};

export type RunningCapture = {
  readonly pid: number;
  readonly finish: () => Promise<Captured>;
  readonly kill: () => void;
};

/** The sensor's way of events, once it runs. */
export const startCapture = async (
  options: Pick<CaptureOptions, 'queueEvents' | 'spoolBytes' | 'stallMs' | 'source'> = {},
): Promise<RunningCapture> => {
  const sensor = fork(
    here('capture-child.ts'),
    [
      options.queueEvents ?? 20_000,
      options.spoolBytes ?? 512 * 1024 * 1024,
      options.stallMs ?? 0,
      options.source ?? 'ebpf',
    ].map(String),
    { execArgv: sensorFlags, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const [said] = (await once(sensor, 'message')) as [string];
  if (said !== 'ready' || sensor.pid === undefined) {
    sensor.kill('SIGKILL');
    throw new Error(`The kernel’s events cannot be had here: ${said}`);
  }
  return {
    pid: sensor.pid,
    finish: async () => {
      sensor.send('stop');
      const [captured] = (await once(sensor, 'message')) as [Captured];
      return captured;
    },
    kill: () => void sensor.kill('SIGKILL'),
  };
};

/** Starts of such programs a second that this machine manages while nobody looks: what is asked for beyond it does not happen. */
export const startsAlone = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-generator-'));
  try {
    const program = join(folder, 'tiny');
    writeTinyProgram(program);
    const { started, tookMs } = await generate(program, beyondAnyMachine, 3);
    return started / (tookMs / 1000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const beyondAnyMachine = 15_000;

type Generated = { readonly started: number; readonly refused: number; readonly tookMs: number };

const generate = async (program: string, rate: number, seconds: number): Promise<Generated> => {
  const generator = fork(here('generator.ts'), [program, String(rate), String(seconds)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const [made] = (await once(generator, 'message')) as [Generated];
  return made;
};

const here = (file: string): string => join(import.meta.dirname, file);

const sensorFlags = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--optimize-for-size',
  // As the sensor's own entry sets them.
  '--no-sparkplug',
  '--no-maglev',
  '--disable-warning=ExperimentalWarning',
];
