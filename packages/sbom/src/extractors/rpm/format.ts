import { FormatError } from './database/block-reader.ts';

/** One package, as its header says. */
export type RpmRecord = {
  readonly name: string;
  readonly epoch: number | undefined;
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
  readonly licence: string;
  /** E.g. `openssl-3.0.7-24.el9.src.rpm`; empty for packages made otherwise. */
  readonly sourceRpm: string;
  /** E.g. `nodejs:18:9020230327152102:rhel9`. */
  readonly module: string;
  readonly files: readonly { readonly path: string; readonly isProgram: boolean }[];
};

/** rpm's tags (`rpmtag.h`) that are read. */
const tag = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  licence: 1014,
  architecture: 1022,
  fileModes: 1030,
  sourceRpm: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  modularityLabel: 5096,
} as const;

/** rpm's own limit on tags, and more files than any package has. */
const maxTags = 0xffff;
const maxFiles = 500_000;
const type = { int16: 3, int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;

/**
 * Reads a header as databases store it: the number of tags, the size of the data, the index, the data; all big-endian.
 * Throws {@link FormatError} when a tag leads outside the data or the name is missing.
 */
export const parseHeader = (bytes: Buffer): RpmRecord => {
  const read = createTagReader(bytes);
  const name = read.text(tag.name);
  const version = read.text(tag.version);
  if (name === '' || version === '') throw new FormatError('an entry has no name or version');
  return {
    name,
    epoch: read.numbers(tag.epoch, 1)[0],
    version,
    release: read.text(tag.release),
    architecture: read.text(tag.architecture),
    licence: read.text(tag.licence),
    sourceRpm: read.text(tag.sourceRpm),
    module: read.text(tag.modularityLabel),
    files: filesOf(read),
  };
};

type TagReader = {
  readonly text: (tag: number) => string;
  readonly texts: (tag: number, maxCount: number) => readonly string[];
  readonly numbers: (tag: number, maxCount: number) => readonly number[];
};

type Entry = { readonly type: number; readonly at: number; readonly count: number };

const createTagReader = (bytes: Buffer): TagReader => {
  if (bytes.length < 8) throw new FormatError('an entry is too short');
  const count = bytes.readUInt32BE(0);
  const dataBytes = bytes.readUInt32BE(4);
  const dataStart = 8 + count * 16;
  if (count === 0 || count > maxTags || dataStart + dataBytes > bytes.length) {
    throw new FormatError('an entry claims more than it has');
  }
  const entries = new Map<number, Entry>();
  for (let at = 8; at < dataStart; at += 16) {
    const offset = bytes.readInt32BE(at + 8);
    if (offset < 0 || offset > dataBytes) throw new FormatError('a tag lies outside its entry');
    entries.set(bytes.readUInt32BE(at), {
      type: bytes.readUInt32BE(at + 4),
      at: dataStart + offset,
      count: bytes.readUInt32BE(at + 12),
    });
  }
  const end = dataStart + dataBytes;
  const texts = (wanted: number, maxCount: number): readonly string[] => {
    const entry = entries.get(wanted);
    const isText = entry?.type === type.string || entry?.type === type.stringArray || entry?.type === type.i18nString;
    return entry !== undefined && isText ? readTexts(bytes, entry, end, maxCount) : [];
  };
  return {
    texts,
    text: (wanted) => texts(wanted, 1)[0] ?? '',
    numbers: (wanted, maxCount) => {
      const entry = entries.get(wanted);
      return entry === undefined ? [] : readNumbers(bytes, entry, end, maxCount);
    },
  };
};

const readTexts = (bytes: Buffer, entry: Entry, end: number, maxCount: number): string[] => {
  const texts: string[] = [];
  const wanted = Math.min(entry.type === type.string ? 1 : entry.count, maxCount);
  let at = entry.at;
  while (texts.length < wanted) {
    const stop = bytes.indexOf(0, at);
    if (stop < 0 || stop >= end) throw new FormatError('a text has no end');
    texts.push(bytes.toString('utf8', at, stop));
    at = stop + 1;
  }
  return texts;
};

const readNumbers = (bytes: Buffer, entry: Entry, end: number, maxCount: number): number[] => {
  const width = entry.type === type.int32 ? 4 : entry.type === type.int16 ? 2 : 0;
  if (width === 0) return [];
  const count = Math.min(entry.count, maxCount);
  if (entry.at + count * width > end) throw new FormatError('a list of numbers lies outside its entry');
  return Array.from({ length: count }, (_, index) => bytes.readUIntBE(entry.at + index * width, width));
};

const regularFile = 0o100000;
const fileTypeMask = 0o170000;
const executable = 0o111;

/** File names are kept as a folder's number and a base name. */
const filesOf = (read: TagReader): RpmRecord['files'] => {
  const names = read.texts(tag.baseNames, maxFiles);
  const folders = read.texts(tag.dirNames, maxFiles);
  const indexes = read.numbers(tag.dirIndexes, maxFiles);
  const modes = read.numbers(tag.fileModes, maxFiles);
  return names.flatMap((name, index) => {
    const folder = folders[indexes[index] ?? -1];
    if (folder === undefined) return [];
    const mode = modes[index] ?? 0;
    const isProgram = (mode & fileTypeMask) === regularFile && (mode & executable) !== 0;
    return [{ path: `${folder}${name}`, isProgram }];
  });
};
