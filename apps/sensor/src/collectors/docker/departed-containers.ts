import type { ContainerRecord } from '@parapet/contract/wire';
import { walkLives } from './container-lives.ts';
import { asRemoved, eventTime } from './container-record.ts';
import type { DockerEvent } from './schema.ts';

/**
 * Containers that are gone while events of theirs may still come. Docker answers that it knows a container no more before it
 * tells of the removal, and its answers overtake its events: an end told after that belongs to the life that was known.
 */
export type DepartedContainers = {
  readonly has: (id: string) => boolean;
  /** Keeps what was last known of a container that left, and gives its record from then on. `at`: when it was found gone. */
  readonly add: (id: string, record: ContainerRecord, at: number) => ContainerRecord;
  /** The records that late events change: of its lives that ended, and of the last one. None for a container not kept here. */
  readonly follow: (id: string, events: readonly DockerEvent[]) => readonly ContainerRecord[];
  /** It is there after all. */
  readonly forget: (id: string) => void;
};

/** Docker keeps its last 256 events: later than they reach, none comes of a container that is gone. */
const maxDeparted = 256;

export const createDepartedContainers = (): DepartedContainers => {
  /** As before the removal, whose moment is only a guess until Docker tells of it. */
  const departed = new Map<string, { readonly record: ContainerRecord; readonly at: number }>();

  const add = (id: string, record: ContainerRecord, at: number): ContainerRecord => {
    departed.delete(id);
    departed.set(id, { record, at });
    const oldest = departed.keys().next().value;
    if (departed.size > maxDeparted && oldest !== undefined) departed.delete(oldest);
    return asRemoved(record, at);
  };

  return {
    has: (id) => departed.has(id),
    add,
    follow: (id, events) => {
      const known = departed.get(id);
      if (known === undefined) return [];
      const removal = events.find(({ Action }) => Action === 'destroy');
      const at = removal === undefined ? known.at : eventTime(removal);
      const { ended, last } = walkLives(
        known.record,
        events.filter((event) => event !== removal),
      );
      const told = add(id, last, at);
      const isNew = last !== known.record || told.endedAt !== asRemoved(known.record, known.at).endedAt;
      return [...ended.map((life) => asRemoved(life, at)), ...(isNew ? [told] : [])];
    },
    forget: (id) => void departed.delete(id),
  };
};
