import { readlinkSync } from 'node:fs';
import { readSmall } from './read-small.ts';
import { type ProcessStat, parseStat } from './stat.ts';

/** The parts of `/proc/<pid>/status` that are used. */
export type ProcessStatus = {
  readonly effectiveUid: number;
  /** Effective capabilities as hex without leading zeros; empty for none. */
  readonly capabilities: string;
  /** Pid in the innermost pid namespace. */
  readonly namespacePid: number | undefined;
};

export const readStat = (procPath: string, pid: number): ProcessStat | undefined => {
  const read = readSmall(`${procPath}/${pid}/stat`, 4096, 'utf8');
  return read === undefined ? undefined : parseStat(read.text);
};

export const readStatus = (procPath: string, pid: number): ProcessStatus | undefined => {
  const read = readSmall(`${procPath}/${pid}/status`);
  return read === undefined ? undefined : parseStatus(read.text);
};

export const parseStatus = (text: string): ProcessStatus => {
  const field = (name: string): string[] =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm')
      .exec(text)?.[1]
      ?.split(/\s+/)
      .filter((word) => word !== '') ?? [];
  const namespacePid = Number(field('NSpid').at(-1));
  return {
    effectiveUid: Number(field('Uid')[1] ?? 0),
    capabilities: (field('CapEff')[0] ?? '').replace(/^0+/, ''),
    namespacePid: Number.isSafeInteger(namespacePid) && namespacePid > 0 ? namespacePid : undefined,
  };
};

const maxPath = 4096;

/** The program's path inside its own root; ends with ` (deleted)` when its file is gone; empty when it may not be read. */
export const readExecutable = (procPath: string, pid: number): string => {
  try {
    return readlinkSync(`${procPath}/${pid}/exe`).slice(0, maxPath);
  } catch {
    return '';
  }
};

export type LoadedFiles = { readonly files: readonly string[]; readonly cut: boolean };

const mapsBytes = 1024 * 1024;
const maxFiles = 256;
/** All paths together, so that the record stays small. */
const maxPathBytes = 16 * 1024;

/** Files mapped executable, beside the program itself. `undefined` when it may not be read. */
export const readLoadedFiles = (procPath: string, pid: number, executable: string): LoadedFiles | undefined => {
  const maps = readSmall(`${procPath}/${pid}/maps`, mapsBytes, 'utf8');
  return maps === undefined ? undefined : parseMaps(maps.text, maps.cut, executable);
};

/** address range, rights, offset, device, inode, path; the path may hold spaces. */
const mapLine = /^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ ([1-9]\d*) +(\/.*)$/;

export const parseMaps = (text: string, textCut: boolean, executable: string): LoadedFiles => {
  const files = new Set<string>();
  let bytes = 0;
  for (const line of text.split('\n')) {
    const path = mapLine.exec(line)?.[2];
    if (path === undefined || path === executable || files.has(path)) continue;
    bytes += path.length;
    if (files.size >= maxFiles || bytes > maxPathBytes || path.length > maxPath)
      return { files: [...files], cut: true };
    files.add(path);
  }
  return { files: [...files], cut: textCut };
};
