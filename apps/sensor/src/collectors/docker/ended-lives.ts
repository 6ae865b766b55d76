import { type ContainerRecord, tellsLife } from '@parapet/contract/wire';

/** Late events tell of a life again soon or not at all. */
const rememberedLives = 1024;

/** Passes on each life that is over once, however often its record changes afterwards; other records are no ends. */
export const createEndedLives = (tell: (life: ContainerRecord) => void): ((record: ContainerRecord) => void) => {
  const told = new Set<string>();
  return (record) => {
    if (record.endedAt === undefined || !tellsLife(record)) return;
    const life = `${record.key} ${record.startedAt}`;
    if (told.has(life)) return;
    told.add(life);
    const oldest = told.values().next().value;
    if (told.size > rememberedLives && oldest !== undefined) told.delete(oldest);
    tell(record);
  };
};
