import type { Flow, FrameHeader, Position, Refused } from '@parapet/contract/wire';
import type { Ingest, InventoryStream, StreamOwner } from '../ingest/ingest.ts';
import type { StoredSensor } from './host-presence.ts';

/** The inventory stream of one connection: order, credit and acknowledgement. */
export type InventoryIntake = {
  readonly onFrame: (data: Buffer, header: FrameHeader) => void;
  /** Says how far the stream is stored and how far it may go. */
  readonly grant: () => void;
  /** Asks for a new epoch; what still comes of the old one is dropped unacknowledged, so the sensor keeps it. */
  readonly resync: (reason: string) => void;
  readonly digestAt: InventoryStream['digestAt'];
  readonly close: () => void;
};

export type IntakeOwner = Pick<StreamOwner, 'hostId' | 'runId' | 'bootId' | 'skewMs' | 'onUnknown'> & {
  readonly note: (code: string, message: string) => void;
  readonly refuse: (code: Refused['code'], detail: string, message: string) => void;
  readonly flow: (flow: Omit<Flow, 'kind'>) => void;
  readonly sendResync: (reason: string) => void;
};

export const createInventoryIntake = (ingest: Ingest, owner: IntakeOwner, at: StoredSensor): InventoryIntake => {
  let stored: Position = { epoch: at.epoch, seq: at.seq };
  let received = stored;
  let limit = stored.seq;
  let resyncing = false;

  const grant = (): void => {
    // A limit once granted stands: frames up to it may be under way.
    limit = Math.max(limit, stored.seq + stream.window());
    owner.flow({ channel: 'inventory', epoch: stored.epoch, acked: stored.seq, limit });
  };

  const resync = (reason: string): void => {
    resyncing = true;
    owner.sendResync(reason.slice(0, 256));
  };

  const stream = ingest.open(
    {
      hostId: owner.hostId,
      runId: owner.runId,
      bootId: owner.bootId,
      skewMs: owner.skewMs,
      onUnknown: owner.onUnknown,
      onStored: (position) => {
        // What is stored of an epoch that the sensor has left needs no answer.
        if (position.epoch < stored.epoch) return;
        stored = position;
        grant();
      },
      onResync: (reason) => {
        owner.note('resync', reason);
        resync(reason);
      },
      onMalformed: (code, message) => owner.refuse('malformed', code, message),
      onWindow: grant,
    },
    at,
  );

  /** The first frame of a new epoch moves the stream there, with the credit that was left. */
  const enterEpoch = (header: FrameHeader): boolean => {
    if (header.seq !== 1) {
      owner.note('unknown-epoch', `Epoch ${header.epoch} began with frame ${header.seq}.`);
      resync('The epoch is not known here.');
      return false;
    }
    limit = Math.max(1, limit - stored.seq);
    stored = { epoch: header.epoch, seq: 0 };
    received = stored;
    resyncing = false;
    return true;
  };

  return {
    grant,
    resync,
    digestAt: stream.digestAt,
    close: stream.close,
    onFrame: (data, header) => {
      const { epoch, seq } = header;
      if (epoch < received.epoch) {
        // Frames of an epoch that was given up may still be under way.
        if (resyncing) return;
        owner.note('old-epoch', `Epoch ${epoch} came after epoch ${received.epoch}.`);
        resync('The console knows a newer epoch.');
        return;
      }
      if (epoch > received.epoch) {
        if (!enterEpoch(header)) return;
      } else if (resyncing) return;
      if (seq <= received.seq) {
        owner.note('replay', `Frame ${seq} came again.`);
        if (seq <= stored.seq) grant();
      } else if (seq !== received.seq + 1) {
        owner.refuse('out-of-order', 'out-of-order', `Frame ${seq} does not follow ${received.seq}.`);
      } else if (seq > limit) {
        owner.refuse('rate', 'credit', `Frame ${seq} is beyond the granted ${limit}.`);
      } else {
        received = { epoch, seq };
        stream.push(data, header);
      }
    },
  };
};
