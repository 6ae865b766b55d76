import {
  decodeFrame,
  digestText,
  emptyDigest,
  InventoryMessage,
  type InventoryRecord,
  isLiveRecord,
  type Position,
  recordHash,
} from '@parapet/contract/wire';

/** The console's half of the inventory stream, as the contract words it, in memory. */
export type SimulatedConsole = {
  readonly receive: (data: Buffer) => void;
  readonly position: () => Position;
  readonly digest: () => string;
  /** Live records as JSON by kind and key. */
  readonly live: () => ReadonlyMap<string, string>;
  /** Every end it was told: `<kind> <key> <startedAt> <endedAt>`. */
  readonly ends: () => ReadonlySet<string>;
  readonly snapshots: () => number;
  readonly frames: () => number;
  readonly snapshotOpen: () => boolean;
  /** Keeps what it knows now, to go back to later. */
  readonly backUp: () => () => void;
};

export const createSimulatedConsole = (): SimulatedConsole => {
  let position: Position = { epoch: 0, seq: 0 };
  let live = new Map<string, string>();
  const ends = new Set<string>();
  let named: Set<string> | undefined;
  let snapshotPuts = 0;
  let snapshots = 0;
  let frames = 0;

  const apply = (line: string): void => {
    const raw = JSON.parse(line) as { record?: unknown };
    const message = InventoryMessage.parse(raw);
    if (message.kind === 'snapshot-begin') {
      named = new Set();
      snapshotPuts = 0;
    } else if (message.kind === 'snapshot-end') {
      if (message.records !== snapshotPuts) throw new Error(`snapshot of ${message.records}, got ${snapshotPuts}`);
      for (const id of live.keys()) if (named?.has(id) !== true) live.delete(id);
      named = undefined;
      snapshots += 1;
    } else {
      const { record } = message;
      const id = `${record.kind} ${record.key}`;
      snapshotPuts += 1;
      named?.add(id);
      if (record.endedAt !== undefined) ends.add(endOf(record));
      if (isLiveRecord(record)) live.set(id, JSON.stringify(raw.record));
      else live.delete(id);
    }
  };

  return {
    receive: (data) => {
      const frame = decodeFrame(data);
      if (!frame.ok) throw new Error(frame.error.message);
      const { epoch, seq, body } = frame.value;
      if (epoch === position.epoch && seq <= position.seq) return;
      const lines = body.toString('utf8').split('\n');
      const begins = epoch > position.epoch && seq === 1 && lines[0]?.includes('"snapshot-begin"') === true;
      if (!begins && (epoch !== position.epoch || seq !== position.seq + 1)) {
        throw new Error(`gap: stored ${position.epoch}/${position.seq}, got ${epoch}/${seq}`);
      }
      for (const line of lines) apply(line);
      position = { epoch, seq };
      frames += 1;
    },
    position: () => position,
    digest: () => {
      let digest = emptyDigest;
      for (const [id, json] of live) {
        const space = id.indexOf(' ');
        digest ^= recordHash(id.slice(0, space), id.slice(space + 1), json);
      }
      return digestText(digest);
    },
    live: () => live,
    ends: () => ends,
    snapshots: () => snapshots,
    frames: () => frames,
    snapshotOpen: () => named !== undefined,
    backUp: () => {
      const kept = { position, live: new Map(live), named: named && new Set(named), snapshotPuts };
      return () => {
        ({ position, snapshotPuts } = kept);
        live = new Map(kept.live);
        named = kept.named && new Set(kept.named);
      };
    },
  };
};

export const endOf = (record: InventoryRecord): string =>
  `${record.kind} ${record.key} ${record.startedAt} ${record.endedAt}`;
