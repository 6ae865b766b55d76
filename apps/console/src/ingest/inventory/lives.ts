/** One life of an asset as a sensor told it; times of ours in milliseconds. */
export type ToldLife = {
  /** Its start by the clock of the sensor's host: what tells it from other lives, whatever is thought of that clock. */
  readonly toldStart: number;
  /** The sensor did not see the start, it concluded it; another record of the same life may name another one. */
  readonly startInferred: boolean;
  readonly startedAt: number;
  /** Absent while it lasts. */
  readonly endedAt: number | undefined;
  /** The end was not seen, it is concluded. */
  readonly endInferred: boolean;
};

/** A life on record. `toldStart` is absent in rows of before 0016-told-starts. */
export type StoredLife = Omit<ToldLife, 'toldStart'> & { readonly id: number; readonly toldStart: number | undefined };

export type LifeChange =
  | { readonly kind: 'begin'; readonly life: ToldLife }
  /** It was told to be over, to go on, or its start is known better. */
  | { readonly kind: 'correct'; readonly life: StoredLife }
  /** Another life began, so this one must be over. */
  | { readonly kind: 'conclude'; readonly id: number; readonly endedAt: number };

/** How far two conclusions about the start of one life may lie apart. */
const inferredToleranceMs = 5000;

/**
 * What a told life changes. The start that was told says which life is meant, so that telling one twice changes nothing and
 * however quickly lives follow each other each is kept. Lives of an asset never overlap: a start or end that would reach
 * into another life, as happens when clocks are set, is clamped; what is left may be a moment. `stored` needs to hold those
 * that `readLives` reads.
 */
export const settleLife = (stored: readonly StoredLife[], told: ToldLife): readonly LifeChange[] => {
  const lives = stored.toSorted(inOrder);
  const open = lives.find((life) => life.endedAt === undefined);
  const same =
    lives.find((life) => life.toldStart === told.toldStart) ??
    (open !== undefined && mayBeSame(open, told) ? open : undefined);
  if (same !== undefined) return correct(lives, same, told);
  return told.endedAt === undefined ? begin(lives, open, told) : insert(lives, open, told, told.endedAt);
};

const inOrder = (left: StoredLife, right: StoredLife): number => left.startedAt - right.startedAt || left.id - right.id;

/** Only when one of the starts is a conclusion; a start that was seen is another life's when it is another one. */
const mayBeSame = (open: StoredLife, told: ToldLife): boolean => {
  if (open.toldStart === undefined) return told.startedAt <= open.startedAt + inferredToleranceMs;
  if (!open.startInferred) return told.startInferred;
  return told.toldStart <= open.toldStart + inferredToleranceMs;
};

const correct = (lives: readonly StoredLife[], same: StoredLife, told: ToldLife): readonly LifeChange[] => {
  const later = lives.find((life) => life !== same && inOrder(life, same) > 0);
  const isBetterKnown = same.toldStart === undefined || same.startInferred;
  const start = isBetterKnown ? { toldStart: told.toldStart, startInferred: told.startInferred } : {};
  const { endedAt, endInferred } = endOf(same, told, later);
  const life = { ...same, ...start, endedAt, endInferred };
  const keys = ['toldStart', 'startInferred', 'endedAt', 'endInferred'] as const;
  return keys.every((key) => life[key] === same[key]) ? [] : [{ kind: 'correct', life }];
};

const endOf = (
  same: StoredLife,
  told: ToldLife,
  later: StoredLife | undefined,
): Pick<StoredLife, 'endedAt' | 'endInferred'> => {
  // A life that goes on after its end was told or concluded has none; with another after it, it has.
  if (told.endedAt === undefined) return later === undefined ? { endedAt: undefined, endInferred: false } : same;
  if (told.endInferred && same.endedAt !== undefined) return same;
  const endedAt = Math.max(same.startedAt, Math.min(told.endedAt, later?.startedAt ?? told.endedAt));
  return { endedAt, endInferred: told.endInferred };
};

/** It lasts, so it is the last one. */
const begin = (lives: readonly StoredLife[], open: StoredLife | undefined, told: ToldLife): readonly LifeChange[] => {
  const reached = lives.map((life) => life.endedAt ?? life.startedAt);
  const startedAt = Math.max(told.startedAt, ...reached);
  return [...concluded(open, startedAt), { kind: 'begin', life: { ...told, startedAt } }];
};

/** It came and went between two looks, or before anyone looked. */
const insert = (
  lives: readonly StoredLife[],
  open: StoredLife | undefined,
  told: ToldLife,
  toldEnd: number,
): readonly LifeChange[] => {
  const before = lives.findLast((life) => life.startedAt <= told.startedAt);
  const after = lives.find((life) => life.startedAt > told.startedAt);
  // A process seen within a life that a runtime told of says nothing new.
  if (told.startInferred && before !== undefined && !before.startInferred && reaches(before, told.startedAt)) return [];
  const latest = after?.startedAt ?? Number.POSITIVE_INFINITY;
  const startedAt = Math.min(latest, Math.max(told.startedAt, before?.endedAt ?? told.startedAt));
  const endedAt = Math.min(latest, Math.max(startedAt, toldEnd));
  return [
    ...concluded(open === before ? open : undefined, startedAt),
    { kind: 'begin', life: { ...told, startedAt, endedAt } },
  ];
};

const reaches = (life: StoredLife, at: number): boolean => (life.endedAt ?? Number.POSITIVE_INFINITY) >= at;

const concluded = (open: StoredLife | undefined, at: number): readonly LifeChange[] =>
  open === undefined ? [] : [{ kind: 'conclude', id: open.id, endedAt: Math.max(at, open.startedAt) }];
