import { containerId, hostId, replicasId, restId, shownName } from '../node-id.ts';

export type ContainerRow = {
  readonly id: string;
  readonly hostId: string;
  readonly name: string;
  readonly imageId: string | undefined;
  readonly imageName: string;
  readonly silent: boolean;
  readonly risk: number | undefined;
  readonly privileged: boolean;
  readonly since: Date;
};

/** What one mark inside an open host stands for. */
export type ContentGroup = {
  readonly id: string;
  readonly kind: 'container' | 'container-group';
  readonly label: string;
  readonly parent: string;
  readonly members: readonly ContainerRow[];
  /** An open group of replicas is an outline around its members. */
  readonly outline: boolean;
};

/**
 * Groups the containers of one open host: replicas (the same image under a numbered name) are one mark; past `cap` marks all
 * containers of an image are, and past it again the least risky ones stand behind one mark.
 */
export const planContents = (
  host: string,
  containers: readonly ContainerRow[],
  open: ReadonlySet<string>,
  cap: number,
): readonly ContentGroup[] => {
  const byName = group(host, containers, (row) => replicaStem(row.name));
  const groups = byName.length <= cap ? byName : group(host, containers, () => '*');
  const kept = groups.length <= cap ? groups : [...groups.slice(0, cap - 1), rest(hostId(host), groups.slice(cap - 1))];
  return kept.flatMap((entry) => (open.has(entry.id) ? openGroup(entry, cap) : [entry]));
};

/**
 * The name that replicas share: `shop-web-12` and `web-7d4b9c-x2x9z` without what numbers them. A name that is not numbered
 * stands for itself.
 */
export const replicaStem = (name: string): string => {
  const counted = /^(.+?)[-_.]\d{1,5}$/.exec(name);
  if (counted?.[1] !== undefined) return counted[1];
  const hashed = /^(.+?)-([0-9a-z]{6,10})-([0-9a-z]{5})$/.exec(name);
  if (hashed?.[1] !== undefined && /\d/.test(hashed[2] ?? '')) return hashed[1];
  return name;
};

const group = (
  host: string,
  containers: readonly ContainerRow[],
  stem: (row: ContainerRow) => string,
): readonly ContentGroup[] => {
  const groups = Map.groupBy(containers, (row) => replicasId(host, row.imageId ?? row.imageName, stem(row)));
  return [...groups]
    .map(([id, members]): ContentGroup => {
      const [first] = members;
      if (members.length === 1 && first !== undefined) return single(first, hostId(host));
      const name = first === undefined ? '' : stem(first);
      const label = shownName(name === '*' ? imageLabel(first?.imageName ?? '') : name);
      return { id, kind: 'container-group', label, parent: hostId(host), members, outline: false };
    })
    .sort((a, b) => worst(b.members) - worst(a.members) || (a.label < b.label ? -1 : 1));
};

const openGroup = (entry: ContentGroup, cap: number): readonly ContentGroup[] => {
  if (entry.kind === 'container') return [entry];
  const members = entry.members.map((row) => single(row, entry.id));
  const outline = { ...entry, outline: true };
  if (members.length <= cap) return [outline, ...members];
  const left = rest(entry.id, members.slice(cap - 1));
  return [outline, ...members.slice(0, cap - 1), left];
};

const single = (row: ContainerRow, parent: string): ContentGroup => ({
  id: containerId(row.id),
  kind: 'container',
  label: shownName(row.name),
  parent,
  members: [row],
  outline: false,
});

const rest = (parent: string, groups: readonly ContentGroup[]): ContentGroup => ({
  id: restId(parent),
  kind: 'container-group',
  label: `${groups.length} more`,
  parent,
  members: groups.flatMap((entry) => entry.members),
  outline: false,
});

const worst = (members: readonly ContainerRow[]): number =>
  members.reduce((highest, row) => Math.max(highest, row.risk ?? 0), 0);

/** `registry/shop/api:1.2@sha256:…` as `api`. */
const imageLabel = (image: string): string => {
  const bare = image.split('@', 1)[0] ?? image;
  const last = bare.slice(bare.lastIndexOf('/') + 1);
  return last.split(':', 1)[0] ?? last;
};
