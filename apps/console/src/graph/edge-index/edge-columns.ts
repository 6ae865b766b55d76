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
      /** `<zone>|<block>`: /24 of IPv4, the first four groups of IPv6. */
      readonly block: string;
    };

/** An edge as the database tells it. */
export type EdgeRow = {
  readonly id: number;
  /** Numbers of its ends. */
  readonly source: number;
  readonly target: number;
  /** Numbers of the programs there. */
  readonly sourceProgram: number;
  readonly targetProgram: number;
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
  readonly sourcePrograms: Uint32Array;
  readonly targetPrograms: Uint32Array;
  /** The port, and 65,536 more for UDP. */
  readonly ports: Uint32Array;
  readonly connections: Float64Array;
  readonly bytes: Float64Array;
  readonly firstSeen: Float64Array;
  readonly lastSeen: Float64Array;
  readonly addresses: Float64Array;
  readonly ends: readonly EdgeEnd[];
  /** Names of programs by their number. */
  readonly programs: readonly string[];
};

/** Bytes of an edge in memory, its place in the map from ids included: 200,000 edges take 22 MB. */
export const keptBytes = 61 + 48;

export const udpBit = 65_536;

export type EdgeTable = {
  readonly columns: () => EdgeColumns;
  readonly size: () => number;
  readonly ends: () => number;
  readonly programs: () => number;
  readonly ids: () => Iterable<number>;
  /** A copy of what it holds of the named edges, each named once, and which of them it does not hold. */
  readonly copyOf: (ids: Iterable<number>) => { readonly copy: EdgeCopy; readonly missing: readonly number[] };
  readonly put: (edge: EdgeRow) => void;
  readonly remove: (id: number) => void;
  /** The number of an end, by a text that no other has. */
  readonly endOf: (key: string, make: () => EdgeEnd) => number;
  readonly programOf: (name: string) => number;
};

/** Edges as of one moment: further ones may be put to them, none are found by their ids. */
export type EdgeCopy = Pick<EdgeTable, 'columns' | 'put' | 'remove' | 'endOf' | 'programOf'>;

export const createEdgeTable = (): EdgeTable =>
  tableOf({
    ...{ slots: 0, slotOf: new Map(), free: [], columns: makeColumns(1024) },
    ...{ numbers: new Map(), ends: [], programNumbers: new Map(), programs: [] },
  });

/** What a table is made of; it is the table's own from then on. */
type Contents = {
  readonly slots: number;
  readonly slotOf: Map<number, number>;
  readonly free: number[];
  readonly columns: NumberColumns;
  readonly numbers: Map<string, number>;
  readonly ends: EdgeEnd[];
  readonly programNumbers: Map<string, number>;
  readonly programs: string[];
};

const tableOf = (contents: Contents): EdgeTable => {
  const { slotOf, free, numbers, ends, programNumbers, programs } = contents;
  let { slots, columns } = contents;

  const takeSlot = (): number => {
    const reused = free.pop();
    if (reused !== undefined) return reused;
    if (slots === columns.live.length) columns = resized(columns, slots * 2);
    return slots++;
  };

  return {
    columns: () => ({ ...columns, slots, ends, programs }),
    size: () => slotOf.size,
    ends: () => ends.length,
    programs: () => programs.length,
    ids: () => slotOf.keys(),
    copyOf: (ids) => {
      const copied = resized(columns, columns.live.length);
      copied.live.fill(0);
      const missing: number[] = [];
      for (const id of ids) {
        const slot = slotOf.get(id);
        if (slot === undefined) missing.push(id);
        else copied.live[slot] = 1;
      }
      const copy = tableOf({
        // Further edges go behind the others.
        ...{ slots, slotOf: new Map(), free: [], columns: copied },
        ...{ numbers: new Map(numbers), ends: [...ends] },
        ...{ programNumbers: new Map(programNumbers), programs: [...programs] },
      });
      return { copy, missing };
    },
    put: (edge) => {
      const slot = slotOf.get(edge.id) ?? takeSlot();
      slotOf.set(edge.id, slot);
      columns.live[slot] = 1;
      columns.sources[slot] = edge.source;
      columns.targets[slot] = edge.target;
      columns.sourcePrograms[slot] = edge.sourceProgram;
      columns.targetPrograms[slot] = edge.targetProgram;
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
    programOf: (name) => {
      const known = programNumbers.get(name);
      if (known !== undefined) return known;
      programNumbers.set(name, programs.length);
      return programs.push(name) - 1;
    },
  };
};

type NumberColumns = Omit<EdgeColumns, 'slots' | 'ends' | 'programs'>;

const makeColumns = (length: number): NumberColumns => ({
  live: new Uint8Array(length),
  sources: new Uint32Array(length),
  targets: new Uint32Array(length),
  sourcePrograms: new Uint32Array(length),
  targetPrograms: new Uint32Array(length),
  ports: new Uint32Array(length),
  connections: new Float64Array(length),
  bytes: new Float64Array(length),
  firstSeen: new Float64Array(length),
  lastSeen: new Float64Array(length),
  addresses: new Float64Array(length),
});

/** A copy with at least as many slots. */
const resized = (columns: NumberColumns, length: number): NumberColumns => {
  const larger = makeColumns(length);
  larger.live.set(columns.live);
  larger.sources.set(columns.sources);
  larger.targets.set(columns.targets);
  larger.sourcePrograms.set(columns.sourcePrograms);
  larger.targetPrograms.set(columns.targetPrograms);
  larger.ports.set(columns.ports);
  larger.connections.set(columns.connections);
  larger.bytes.set(columns.bytes);
  larger.firstSeen.set(columns.firstSeen);
  larger.lastSeen.set(columns.lastSeen);
  larger.addresses.set(columns.addresses);
  return larger;
};
