import type { Flow, FrameHeader, Position, Refused } from '@parapet/contract/wire';
import type { FrameSpool } from './spool/frame-spool.ts';

/** The telemetry stream of one connection: order, credit, and acknowledgement once a frame is on the disk. */
export type TelemetryIntake = {
  readonly onFrame: (data: Buffer, header: FrameHeader, receivedAtMs: number) => void;
  /** Says how far the stream is stored and how many frames may be under way. */
  readonly grant: () => void;
  readonly close: () => void;
};

export type TelemetryIntakeOwner = {
  readonly hostId: string;
  readonly skewMs: () => number;
  readonly note: (code: string, message: string) => void;
  readonly refuse: (code: Refused['code'], detail: string, message: string) => void;
  readonly flow: (flow: Omit<Flow, 'kind'>) => void;
  /** How many frames may be under way now; 0 when nothing can be taken. */
  readonly window: () => number;
  readonly onStored: (position: Position) => void;
  readonly onFailed: (error: unknown) => void;
};

/** Takes a host's frames from where its stream stands. Numbers may leap forward, see `@parapet/contract/telemetry`. */
export const createTelemetryIntake = (
  spool: Pick<FrameSpool, 'append'>,
  owner: TelemetryIntakeOwner,
  at: Position,
): TelemetryIntake => {
  let stored = at;
  let received = at;
  let granted = 0;
  let underWay = 0;
  let closed = false;

  const grant = (): void => {
    if (closed) return;
    // What was granted stands: frames within it may be under way.
    granted = Math.max(granted, owner.window());
    owner.flow({ channel: 'telemetry', epoch: stored.epoch, acked: stored.seq, limit: stored.seq + granted });
  };

  const store = async (data: Buffer, position: Position, receivedAtMs: number): Promise<void> => {
    try {
      await spool.append({ hostId: owner.hostId, receivedAtMs, skewMs: owner.skewMs(), data });
    } catch (error) {
      if (!closed) owner.onFailed(error);
      return;
    }
    underWay -= 1;
    granted -= 1;
    stored = position;
    owner.onStored(position);
    grant();
  };

  return {
    grant,
    close: () => {
      closed = true;
    },
    onFrame: (data, { epoch, seq }, receivedAtMs) => {
      if (closed) return;
      const isNew = epoch > received.epoch || (epoch === received.epoch && seq > received.seq);
      if (!isNew) {
        owner.note('replay', `Telemetry frame ${seq} of epoch ${epoch} came again.`);
        grant();
      } else if (underWay >= granted) {
        owner.refuse('rate', 'credit', `Telemetry frame ${seq} is beyond the ${granted} that may be under way.`);
      } else {
        received = { epoch, seq };
        underWay += 1;
        void store(data, received, receivedAtMs);
      }
    },
  };
};
