/** What an edge ends at. Ends are numbered; those of edges that are over stay until the table is made anew. */
export type EdgeEnd =
  | { readonly kind: 'internet' }
  | {
      readonly kind: 'asset';
      readonly id: string;
      /** The host of a container; a host's own id. */
      readonly hostId: string;
    }
  | {
      readonly kind: 'peer';
      /** `<zone>|<address>`, see graph/node-id.ts. */
      readonly place: string;
    };

/** An edge as the database tells it. */
export type EdgeRow = {
  readonly id: number;
  /** Numbers of its ends. */
  readonly source: number;
  readonly target: number;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly connections: number;
  /** Both ways together; -1 when nobody counted them. */
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Distinct far addresses; 0 when not known. */
  readonly addresses: number;
};

/** Live edges as columns, one slot an edge. A free slot holds nothing, see `live`. */
export type EdgeColumns = {
  /** Slots in use or used before: all others are beyond. */
  readonly slots: number;
  readonly live: Uint8Array;
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  /** The port, and 65,536 more for UDP. */
  readonly ports: Uint32Array;
  readonly connections: Float64Array;
  readonly bytes: Float64Array;
  readonly firstSeen: Float64Array;
  readonly lastSeen: Float64Array;
  readonly addresses: Float64Array;
  readonly ends: readonly EdgeEnd[];
};

/** Bytes of an edge in memory, its place in the map from ids included: 200,000 edges take 20 MB. */
export const keptBytes = 53 + 48;

export const udpBit = 65_536;

export type EdgeTable = {
  readonly columns: () => EdgeColumns;
  readonly size: () => number;
  readonly ends: () => number;
  readonly ids: () => Iterable<number>;
  readonly put: (edge: EdgeRow) => void;
  readonly remove: (id: number) => void;
  /** The number of an end, by a text that no other has. */
  readonly endOf: (key: string, make: () => EdgeEnd) => number;
};

export const createEdgeTable = (): EdgeTable => {
  const slotOf = new Map<number, number>();
  const free: number[] = [];
  const numbers = new Map<string, number>();
  const ends: EdgeEnd[] = [];
  let slots = 0;
  let columns = makeColumns(1024, ends);

  const takeSlot = (): number => {
    const reused = free.pop();
    if (reused !== undefined) return reused;
    if (slots === columns.live.length) columns = grown(columns, ends);
    return slots++;
  };

  return {
    columns: () => ({ ...columns, slots }),
    size: () => slotOf.size,
    ends: () => ends.length,
    ids: () => slotOf.keys(),
    put: (edge) => {
      const slot = slotOf.get(edge.id) ?? takeSlot();
      slotOf.set(edge.id, slot);
      columns.live[slot] = 1;
      columns.sources[slot] = edge.source;
      columns.targets[slot] = edge.target;
      columns.ports[slot] = edge.port + (edge.protocol === 'udp' ? udpBit : 0);
      columns.connections[slot] = edge.connections;
      columns.bytes[slot] = edge.bytes;
      columns.firstSeen[slot] = edge.firstSeen;
      columns.lastSeen[slot] = edge.lastSeen;
      columns.addresses[slot] = edge.addresses;
    },
    remove: (id) => {
      const slot = slotOf.get(id);
      if (slot === undefined) return;
      slotOf.delete(id);
      columns.live[slot] = 0;
      free.push(slot);
    },
    endOf: (key, make) => {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, ends.length);
      return ends.push(make()) - 1;
    },
  };
};

const makeColumns = (length: number, ends: readonly EdgeEnd[]): EdgeColumns => ({
  slots: 0,
  live: new Uint8Array(length),
  sources: new Uint32Array(length),
  targets: new Uint32Array(length),
  ports: new Uint32Array(length),
  connections: new Float64Array(length),
  bytes: new Float64Array(length),
  firstSeen: new Float64Array(length),
  lastSeen: new Float64Array(length),
  addresses: new Float64Array(length),
  ends,
});

const grown = (columns: EdgeColumns, ends: readonly EdgeEnd[]): EdgeColumns => {
  const larger = makeColumns(columns.live.length * 2, ends);
  larger.live.set(columns.live);
  larger.sources.set(columns.sources);
  larger.targets.set(columns.targets);
  larger.ports.set(columns.ports);
  larger.connections.set(columns.connections);
  larger.bytes.set(columns.bytes);
  larger.firstSeen.set(columns.firstSeen);
  larger.lastSeen.set(columns.lastSeen);
  larger.addresses.set(columns.addresses);
  return larger;
};
