import { createArgumentPieces } from './argument-pieces.ts';
import { recordTypes, startCalls } from './numbers.ts';
import { eachField, type FieldValue, parseStamp, type RecordStamp, textOf } from './record-text.ts';

/** The start of a program as the kernel's audit tells it, of several records put together. */
export type AuditedStart = {
  /** Milliseconds since the Unix epoch, when the call began: as of the clock's last tick, up to 10 ms earlier. */
  readonly atMs: number;
  /** Of the process, not the thread, in the root pid namespace. */
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  readonly gid: number;
  readonly effectiveUid: number;
  /** Who signed in; `undefined` when nobody did. */
  readonly loginUid: number | undefined;
  readonly sessionId: number | undefined;
  /** Name of the controlling terminal, e.g. `pts0`; empty without one. */
  readonly tty: string;
  readonly comm: string;
  /** The file that runs, inside its own root; ends with ` (deleted)` when it has no name any more. Empty where it was not told. */
  readonly executable: string;
  /** `undefined` where its record was lost. */
  readonly folder: string | undefined;
  /** As far as they fit into 4,096 bytes, 256 at most; the last one may be cut. */
  readonly arguments: readonly string[];
  /** There were more. */
  readonly isCut: boolean;
  /** Records of its arguments were lost. */
  readonly isIncomplete: boolean;
  /** Mode of the file that was asked for (inode(7)): of a script its own; 0 where it was not told. */
  readonly mode: number;
};

export type StartRecords = {
  /** One record; those of other kinds are passed over. */
  readonly take: (type: number, text: string) => void;
  /** Gives up on what began longer ago than this call and the one before. */
  readonly expire: () => void;
  /** Events of which the end is still to come. */
  readonly waiting: () => number;
};

/** Calls that end at the same moment on many CPUs are told in each other's midst. */
const maxWaiting = 512;

/**
 * Puts the records of each start together: they come in order, but those of others in between, and any of them may be lost. A start of
 * which nobody knows whose it was is passed over, and so is any other call: a record of somebody else's brings that of its call along.
 */
export const createStartRecords = (
  onStart: (start: AuditedStart) => void,
  architecture: string = process.arch,
): StartRecords => {
  const calls = new Set(
    startCalls(architecture).flatMap(({ architecture: of, calls: all }) => all.map((one) => callKey(of, one))),
  );
  const drafts = new Map<number, Draft>();
  let generation = 0;

  const finish = (draft: Draft, serial: number): void => {
    drafts.delete(serial);
    const start = startOf(draft);
    if (start !== undefined) onStart(start);
  };
  const draftOf = ({ serial, atMs }: RecordStamp): Draft => {
    const known = drafts.get(serial);
    if (known !== undefined) return known;
    const [oldest] = drafts.size >= maxWaiting ? drafts : [];
    if (oldest !== undefined) finish(oldest[1], oldest[0]);
    const draft: Draft = {
      atMs,
      generation,
      pieces: createArgumentPieces(),
      call: undefined,
      folder: undefined,
      mode: 0,
    };
    drafts.set(serial, draft);
    return draft;
  };

  return {
    take: (type, text) => {
      if (!isOfStart(type)) return;
      const stamp = parseStamp(text);
      if (stamp === undefined) return;
      if (type === recordTypes.end) {
        const draft = drafts.get(stamp.serial);
        if (draft !== undefined) finish(draft, stamp.serial);
        return;
      }
      addRecord(draftOf(stamp), type, text, stamp.fieldsAt, calls);
    },
    expire: () => {
      for (const [serial, draft] of drafts) {
        if (draft.generation >= generation) break;
        finish(draft, serial);
      }
      generation += 1;
    },
    waiting: () => drafts.size,
  };
};

type Call = Omit<AuditedStart, 'atMs' | 'folder' | 'arguments' | 'isCut' | 'isIncomplete' | 'mode'>;
type Draft = {
  readonly atMs: number;
  readonly generation: number;
  readonly pieces: ReturnType<typeof createArgumentPieces>;
  call: Call | undefined;
  folder: string | undefined;
  mode: number;
};

const isOfStart = (type: number): boolean =>
  type === recordTypes.systemCall ||
  type === recordTypes.arguments ||
  type === recordTypes.folder ||
  type === recordTypes.path ||
  type === recordTypes.end;

const addRecord = (draft: Draft, type: number, text: string, from: number, calls: ReadonlySet<number>): void => {
  switch (type) {
    case recordTypes.systemCall:
      draft.call = readCall(text, from, calls);
      return;
    case recordTypes.arguments:
      draft.pieces.add(text, from);
      return;
    case recordTypes.folder:
      eachField(text, from, (name, value) => {
        if (name !== 'cwd') return true;
        draft.folder = textOf(value).slice(0, maxPath);
        return false;
      });
      return;
    case recordTypes.path:
      draft.mode = readMode(text, from) ?? draft.mode;
      return;
  }
};

const startOf = (draft: Draft): AuditedStart | undefined => {
  const { atMs, call, folder, pieces, mode } = draft;
  if (call === undefined) return undefined;
  const read = pieces.finish();
  return { ...call, atMs, folder, arguments: read.arguments, isCut: read.isCut, isIncomplete: !read.isWhole, mode };
};

const readCall = (text: string, from: number, calls: ReadonlySet<number>): Call | undefined => {
  const numbers = new Map<string, number>();
  let architecture = 0;
  let isSuccess = false;
  const texts = { tty: '', comm: '', exe: '' };
  eachField(text, from, (name, value) => {
    if (isNumbered(name)) numbers.set(name, readNumber(value));
    else if (name === 'arch') architecture = Number.parseInt(value.text, 16);
    else if (name === 'success') isSuccess = value.text === 'yes';
    else if (name === 'tty') texts.tty = value.text === '(none)' ? '' : value.text.slice(0, 64);
    else if (name === 'comm') texts.comm = textOf(value).slice(0, 15);
    else if (name === 'exe') texts.exe = textOf(value).slice(0, maxPath);
    // What follows is of security modules and our own key.
    return name !== 'exe';
  });
  const number = (name: string): number => numbers.get(name) ?? 0;
  const pid = number('pid');
  if (pid <= 0 || !isSuccess || !calls.has(callKey(architecture, number('syscall')))) return undefined;
  return {
    pid,
    parentPid: number('ppid'),
    ...{ uid: number('uid'), gid: number('gid'), effectiveUid: number('euid') },
    loginUid: unlessUnset(number('auid')),
    sessionId: unlessUnset(number('ses')),
    ...{ tty: texts.tty, comm: texts.comm, executable: texts.exe },
  };
};

const numbered: ReadonlySet<string> = new Set(['syscall', 'pid', 'ppid', 'uid', 'gid', 'euid', 'auid', 'ses']);
const isNumbered = (name: string): boolean => numbered.has(name);
const readNumber = ({ text, isQuoted }: FieldValue): number =>
  !isQuoted && /^\d{1,10}$/.test(text) ? Number(text) : 0;
/** Numbers of calls are small. */
const callKey = (architecture: number, call: number): number => architecture * 4096 + call;
/** What the kernel writes where nobody signed in: -1 without its sign. */
const unset = 0xffff_ffff;
const unlessUnset = (id: number): number | undefined => (id === unset ? undefined : id);

const readMode = (text: string, from: number): number | undefined => {
  let isFirst = false;
  let mode: number | undefined;
  eachField(text, from, (name, { text: value }) => {
    if (name === 'item') isFirst = value === '0';
    else if (name === 'mode' && /^[0-7]{1,7}$/.test(value)) mode = Number.parseInt(value, 8);
    return isFirst && mode === undefined;
  });
  return mode;
};

const maxPath = 4096;
