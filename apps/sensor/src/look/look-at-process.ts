import { readdirSync, readlinkSync } from 'node:fs';
import { type LookedProcess, lookLimits, type OpenFile, type OpenSocket } from '@parapet/contract/wire';
import { nameAtStart } from '../kernel-watch/process-name.ts';
import { maskArguments } from '../masking/mask-arguments.ts';
import type { ArgumentsReader } from '../proc/arguments-reader.ts';
import { readExecutable, readLoadedFiles, readStat, readStatus } from '../proc/process-files.ts';
import { readSmall } from '../proc/read-small.ts';
import { readSockets } from './open-sockets.ts';

export type LookDeps = { readonly procPath: string; readonly arguments: ArgumentsReader };

/**
 * What a process has open now. `undefined` when it is not there, or its pid is another's by now: its start is compared before
 * and after. Its environment is never read.
 */
export const lookAtProcess = async (
  { procPath, arguments: reader }: LookDeps,
  { pid, startTicks }: { readonly pid: number; readonly startTicks: number },
): Promise<LookedProcess | undefined> => {
  const stat = readStat(procPath, pid);
  if (stat?.startTicks !== startTicks) return undefined;
  const budget = createBudget(lookLimits.processBytes);
  const limits: string[] = [];
  const status = readStatus(procPath, pid);
  const executable = readExecutable(procPath, pid);
  const argumentsRead = await reader.read(pid);
  if (argumentsRead === undefined) limits.push('Its arguments could not be read.');
  if (argumentsRead?.cut === true) limits.push('Its arguments are cut at 4 KiB.');
  const name = nameAtStart({ comm: stat.name, executable, argument: argumentsRead?.argv[0] });
  const opened = readDescriptors(procPath, pid, limits);
  const inodes = new Set(opened.flatMap(({ target }) => socketInode(target) ?? []));
  const table = await readSockets(procPath, pid, inodes);
  if (table.cut) limits.push('Its network has more sockets than are read: some have no addresses here.');
  const base = {
    ...{ id: `${pid}:${startTicks}`, pid, parentPid: stat.parentPid, name: name.slice(0, 64), state: stat.state },
    executable,
    arguments: [...maskArguments(argumentsRead?.argv ?? [])],
    ...optional('workingDirectory', linkOf(`${procPath}/${pid}/cwd`)),
    ...optional('root', linkOf(`${procPath}/${pid}/root`)),
    userId: status?.effectiveUid ?? 0,
    capabilities: status?.capabilities ?? '',
    ...optional('cgroup', readSmall(`${procPath}/${pid}/cgroup`, 4096, 'utf8')?.text.split('\n')[0]?.slice(0, 4096)),
  };
  budget.take(base);
  const sockets: OpenSocket[] = [];
  const files: OpenFile[] = [];
  for (const { descriptor, target } of opened) {
    const inode = socketInode(target);
    const socket = inode === undefined ? undefined : { descriptor, ...(table.byInode.get(inode) ?? unknownSocket) };
    const file = socket === undefined ? fileOf(procPath, pid, descriptor, target) : undefined;
    if (!budget.take(socket ?? file)) {
      limits.push(`Only ${files.length + sockets.length} of its ${opened.length} open files and sockets fit.`);
      break;
    }
    if (socket !== undefined) sockets.push(socket);
    else if (file !== undefined) files.push(file);
  }
  const loaded = readLoadedFiles(procPath, pid, executable);
  const libraries = (loaded?.files ?? []).filter((path) => budget.take(path));
  if (loaded?.cut === true || libraries.length < (loaded?.files.length ?? 0))
    limits.push(`Only the first ${libraries.length} of its libraries are here.`);
  // Read in several steps: what another process with this pid had open must not be told as its own.
  if (readStat(procPath, pid)?.startTicks !== startTicks) return undefined;
  return { ...base, files, sockets, libraries, limits };
};

const unknownSocket = { protocol: 'unknown' } as const;

type Opened = { readonly descriptor: number; readonly target: string };

const readDescriptors = (procPath: string, pid: number, limits: string[]): readonly Opened[] => {
  let names: readonly string[];
  try {
    names = readdirSync(`${procPath}/${pid}/fd`);
  } catch {
    limits.push('Its open files may not be read.');
    return [];
  }
  const descriptors = names.map(Number).toSorted((a, b) => a - b);
  if (descriptors.length > lookLimits.descriptors)
    limits.push(`It has ${descriptors.length} files and sockets open; the first ${lookLimits.descriptors} are here.`);
  return descriptors.slice(0, lookLimits.descriptors).flatMap((descriptor) => {
    const target = linkOf(`${procPath}/${pid}/fd/${descriptor}`);
    return target === undefined ? [] : [{ descriptor, target }];
  });
};

const socketInode = (target: string): string | undefined => /^socket:\[(\d+)\]$/.exec(target)?.[1];

const deletedMark = ' (deleted)';

const fileOf = (procPath: string, pid: number, descriptor: number, target: string): OpenFile => {
  const deleted = target.endsWith(deletedMark);
  const access = accessOf(readSmall(`${procPath}/${pid}/fdinfo/${descriptor}`, 256)?.text);
  return {
    descriptor,
    path: deleted ? target.slice(0, -deletedMark.length) : target,
    ...(access === undefined ? {} : { access }),
    ...(deleted ? { deleted } : {}),
  };
};

/** The last two bits of `flags` in octal: `O_RDONLY`, `O_WRONLY`, `O_RDWR` (Linux, proc_pid_fdinfo(5)). */
const accessOf = (info: string | undefined): OpenFile['access'] => {
  const flags = /^flags:\s+([0-7]+)$/m.exec(info ?? '')?.[1];
  if (flags === undefined) return undefined;
  return ([`read`, `write`, `read-write`] as const)[Number.parseInt(flags, 8) & 3];
};

const linkOf = (path: string): string | undefined => {
  try {
    return readlinkSync(path).slice(0, 4096);
  } catch {
    // It ended, or closed this, since it was listed.
    return undefined;
  }
};

const optional = <K extends 'workingDirectory' | 'root' | 'cgroup'>(name: K, value: string | undefined) =>
  value === undefined || value === '' ? {} : { [name]: value };

/** What still fits into one message. */
const createBudget = (bytes: number): { readonly take: (value: unknown) => boolean } => {
  let left = bytes;
  return {
    take: (value) => {
      left -= Buffer.byteLength(JSON.stringify(value) ?? '') + 1;
      return left >= 0;
    },
  };
};
