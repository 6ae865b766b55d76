import type { MapEdge, MapNode } from '@parapet/contract/api';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A node while a view is put together. */
export type Mark = Mutable<MapNode> & {
  readonly index: number;
  /** Drawn as an outline around others, no end of an edge. */
  outline: boolean;
  /** Shown although nothing leads to it. */
  subject: boolean;
  /** What it stands for, by hosts and containers, for its line of detail. */
  hosts: number;
  containers: number;
  /** One of the containers it stands for: replicas listen alike. */
  sample: string | undefined;
};

export type NewMark = Pick<MapNode, 'id' | 'kind' | 'label'> &
  Partial<
    Pick<
      Mark,
      | 'parent'
      | 'count'
      | 'status'
      | 'risk'
      | 'opens'
      | 'assetId'
      | 'detail'
      | 'outline'
      | 'subject'
      | 'hosts'
      | 'containers'
      | 'sample'
    >
  > & {
    readonly since?: Date;
  };

export type Marks = {
  readonly add: (mark: NewMark) => Mark;
  readonly get: (id: string) => Mark | undefined;
  readonly at: (index: number) => Mark | undefined;
  readonly all: () => readonly Mark[];
};

/** The nodes of one view by id and by the index that stands for them in queries. */
export const createMarks = (): Marks => {
  const list: Mark[] = [];
  const byId = new Map<string, Mark>();
  return {
    add: (mark) => {
      const known = byId.get(mark.id);
      if (known !== undefined) return known;
      const made = makeMark(mark, list.length);
      list.push(made);
      byId.set(made.id, made);
      return made;
    },
    get: (id) => byId.get(id),
    at: (index) => list[index],
    all: () => list,
  };
};

export const nodeOf = (mark: Mark): MapNode => {
  const { index: _, outline, subject: __, hosts: ___, containers: ____, sample: _____, ...node } = mark;
  return { ...node, opens: node.opens && !outline };
};

export type Bundle = Mutable<MapEdge>;

const makeMark = (mark: NewMark, index: number): Mark => ({
  id: mark.id,
  kind: mark.kind,
  label: mark.label,
  count: mark.count ?? 1,
  status: mark.status ?? 'running',
  exposed: false,
  ports: [],
  opens: mark.opens ?? false,
  index,
  outline: mark.outline ?? false,
  subject: mark.subject ?? false,
  hosts: mark.hosts ?? 0,
  containers: mark.containers ?? 0,
  sample: mark.sample,
  ...(mark.parent === undefined ? {} : { parent: mark.parent }),
  ...(mark.detail === undefined ? {} : { detail: mark.detail }),
  ...(mark.risk === undefined ? {} : { risk: mark.risk }),
  ...(mark.assetId === undefined ? {} : { assetId: mark.assetId }),
  ...(mark.since === undefined ? {} : { startedAt: mark.since.toISOString() }),
});
