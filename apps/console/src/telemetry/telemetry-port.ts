import type { Position } from '@parapet/contract/wire';
import { type FrameSpool, keepLater } from './spool/frame-spool.ts';
import { createTelemetryIntake, type TelemetryIntake, type TelemetryIntakeOwner } from './telemetry-intake.ts';

/** Where the connections of sensors leave their telemetry. */
export type TelemetryPort = {
  /** The last frame of a host that is on the disk. */
  readonly position: (hostId: string) => Position;
  readonly open: (owner: Omit<TelemetryIntakeOwner, 'window' | 'onStored'>) => TelemetryIntake;
  /** While held nothing more is taken: sensors keep what they have. */
  readonly hold: (held: boolean) => void;
};

/** Frames of one sensor that may be under way: some seconds of a busy host. */
const windowFrames = 16;
/** Frames that nobody stores any more must not fill the disk: beyond this sensors keep them. */
const spoolBytes = 2 * 1024 * 1024 * 1024;
const lookEveryMs = 1000;

export const createTelemetryPort = (
  spool: FrameSpool,
  stored: ReadonlyMap<string, Position>,
): TelemetryPort & Disposable => {
  const positions = new Map(stored);
  for (const [hostId, position] of spool.recovered()) keepLater(positions, hostId, position);
  const intakes = new Set<TelemetryIntake>();
  let held = false;
  let wasOpen = true;
  const window = (): number => (held || spool.bytes() > spoolBytes ? 0 : windowFrames);

  const look = (): void => {
    const isOpen = window() > 0;
    if (isOpen && !wasOpen) for (const intake of intakes) intake.grant();
    wasOpen = isOpen;
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();

  return {
    position: (hostId) => positions.get(hostId) ?? { epoch: 0, seq: 0 },
    open: (owner) => {
      const intake = createTelemetryIntake(
        spool,
        { ...owner, window, onStored: (position) => keepLater(positions, owner.hostId, position) },
        positions.get(owner.hostId) ?? { epoch: 0, seq: 0 },
      );
      const entry: TelemetryIntake = {
        ...intake,
        close: () => {
          intakes.delete(entry);
          intake.close();
        },
      };
      intakes.add(entry);
      return entry;
    },
    hold: (next) => {
      held = next;
      look();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
};
