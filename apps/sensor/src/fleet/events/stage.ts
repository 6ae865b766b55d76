import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ContainerRecord, InventoryRecord } from '@parapet/contract/wire';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import type { HostPlan } from '../world.ts';
import type { Program } from './program.ts';

/** What a scene plays on. All that it plays is told at its time. */
export type Stage = {
  readonly random: Random;
  readonly host: HostPlan;
  readonly live: ReadonlyMap<string, InventoryRecord>;
  readonly at: Timeline['at'];
  /** A moment of that millisecond, in microseconds. */
  readonly atUs: (atMs: number) => number;
  readonly tell: (event: TelemetryEvent) => void;
  readonly knownProgram: (key: string) => Program | undefined;
  readonly daemon: (executable: string) => Program | undefined;
  readonly containerOf: (key: string | undefined) => ContainerRecord | undefined;
  readonly shimOf: (container: ContainerRecord) => Program;
  /** Tells the start of a program that the inventory does not hold; what is not said is its parent's. */
  readonly start: (
    atMs: number,
    parent: Program,
    part: Pick<Program, 'executable' | 'arguments'> & Partial<Program>,
  ) => Program;
  readonly end: (atMs: number, program: Program, exitCode?: number) => void;
};

export type Scene = (stage: Stage, atMs: number) => void;
