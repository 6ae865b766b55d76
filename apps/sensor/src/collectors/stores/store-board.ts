import { type ImageRecord, noneHere } from '@parapet/contract/wire';
import type { Problem } from '@parapet/core';
import type { StoreContents, StoreReader } from '@parapet/sbom/local-stores';
import type { CollectorContext } from '../collector.ts';
import type { RuntimeStates } from '../runtime-states.ts';
import type { StoredImagePlace, StoredWorkload, StoredWorkloadsStore } from '../stored-workloads.ts';
import { imageRecordOf } from './image-record.ts';

/** Keeps the records of stored images, and what is known of containers for whoever meets their processes. */
export type StoreBoard = {
  /** Reads again what changed since, and says how that went. */
  readonly look: () => Promise<void>;
};

export const createStoreBoard = (deps: {
  readonly readers: readonly StoreReader[];
  readonly stored: StoredWorkloadsStore;
  readonly runtimes: RuntimeStates;
  /** Whether these are folders of the host: default yes. */
  readonly seesHost?: boolean;
  readonly context: Pick<CollectorContext, 'inventory' | 'clock' | 'report'>;
}): StoreBoard => {
  const { inventory, clock, report } = deps.context;
  const views = deps.readers.map((reader) => createView(reader));
  let told: ReadonlySet<string> = new Set();

  const tell = (): void => {
    const records = new Map<string, ImageRecord>();
    const places = new Map<string, StoredImagePlace>();
    const containers = new Map<string, StoredWorkload>();
    for (const { root, contents } of views) {
      if (contents === undefined) continue;
      const { engine } = contents;
      for (const image of contents.images) {
        const record = imageRecordOf(image, engine);
        const known = records.get(record.key);
        records.set(record.key, known === undefined ? record : withNamesOf(known, record));
        if (known !== undefined) continue;
        places.set(record.key, { root, name: record.tags[0] ?? record.repoDigests[0] ?? record.key });
      }
      for (const container of contents.containers) containers.set(container.id, { ...container, engine });
      if (contents.images.length + contents.containers.length > 0)
        deps.runtimes.set({ name: engine, version: '', state: 'ok' });
    }
    for (const key of told) if (!records.has(key)) inventory.end('image', key, clock.now());
    for (const record of records.values()) inventory.put(record);
    told = new Set(records.keys());
    const isWatched = views.some(({ contents }) => contents !== undefined);
    deps.stored.set({ containers, images: places, isWatched });
  };

  return {
    look: async () => {
      let isChanged = false;
      for (const view of views) isChanged = (await view.look()) || isChanged;
      if (isChanged) tell();
      report(statusOf(views, deps.seesHost ?? true));
    },
  };
};

/** As the wire format says. */
const maxNames = 256;

const withNamesOf = (record: ImageRecord, other: ImageRecord): ImageRecord => ({
  ...record,
  tags: [...new Set([...record.tags, ...other.tags])].slice(0, maxNames),
  repoDigests: [...new Set([...record.repoDigests, ...other.repoDigests])].slice(0, maxNames),
});

/** What is known of one store. What it held stays known while it cannot be read. */
type StoreView = {
  readonly root: string;
  readonly contents: StoreContents | undefined;
  readonly problem: Problem | undefined;
  /** Resolves with whether what is known changed. */
  readonly look: () => Promise<boolean>;
};

const createView = (reader: StoreReader): StoreView => {
  let stamp: string | undefined;
  let contents: StoreContents | undefined;
  let problem: Problem | undefined;
  return {
    get root() {
      return reader.root;
    },
    get contents() {
      return contents;
    },
    get problem() {
      return problem;
    },
    look: async () => {
      const had = contents;
      const current = await reader.stamp();
      if (!current.ok) {
        const isGone = current.error.code === 'not-found';
        problem = isGone ? undefined : current.error;
        stamp = undefined;
        if (isGone) contents = undefined;
        return contents !== had;
      }
      if (current.value === stamp) return false;
      const read = await reader.read();
      problem = read.ok ? read.value.problems[0] : read.error;
      // What changed while it was read has another stamp already, and is read at the next look.
      if (!read.ok) return false;
      stamp = current.value;
      contents = read.value;
      return true;
    },
  };
};

const statusOf = (views: readonly StoreView[], seesHost: boolean): Parameters<CollectorContext['report']>[0] => {
  const engines = [...new Set(views.flatMap(({ contents }) => contents?.engine ?? []))];
  const source = engines.length === 0 ? noneHere : `files of ${engines.join(', ')}`;
  const problem = views.find((view) => view.problem !== undefined)?.problem;
  if (engines.length === 0 && !seesHost) {
    const reason = 'The host’s files are not in this container: mount them and name the place in PARAPET_HOST_ROOT.';
    return { state: 'refused', source: '', reason };
  }
  if (problem === undefined) return { state: 'running', source };
  const where = problem.at === undefined ? '' : ` (${problem.at})`;
  return {
    state: 'degraded',
    source,
    reason: `Images and containers of other engines than Docker are not all known: ${problem.message}${where}`,
  };
};
