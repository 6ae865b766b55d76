import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The groups this process is in, as folders. */
export type OwnGroups = {
  /** Version 1, by controller. */
  readonly v1: Readonly<Record<'memory' | 'cpu', string | undefined>>;
  /** Version 2. */
  readonly v2: { readonly folder: string; readonly isRoot: boolean } | undefined;
};

/** Reads where this process stands from `/proc/self/cgroup` and `/proc/self/mountinfo`. */
export const readOwnGroups = (procPath = '/proc'): OwnGroups =>
  findOwnGroups(
    readFileSync(join(procPath, 'self/cgroup'), 'utf8'),
    readFileSync(join(procPath, 'self/mountinfo'), 'utf8'),
  );

export const findOwnGroups = (cgroupText: string, mountText: string): OwnGroups => {
  const paths = new Map<string, string>();
  for (const line of cgroupText.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.+)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers === '' ? ['v2'] : controllers.split(',')) paths.set(controller, path);
  }
  const mounts = mountText.split('\n').flatMap(parseMount);
  const folderOf = (controller: 'memory' | 'cpu'): string | undefined => {
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller));
    return mount === undefined ? undefined : folderBelow(mount, paths.get(controller));
  };
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const folder = unified === undefined ? undefined : folderBelow(unified, paths.get('v2'));
  return {
    v1: { memory: folderOf('memory'), cpu: folderOf('cpu') },
    v2: folder === undefined ? undefined : { folder, isRoot: folder === unified?.point && unified.root === '/' },
  };
};

type Mount = {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
};

/** See proc(5): the mounted root and its place are the 4th and 5th field, type and options come after the hyphen. */
const parseMount = (line: string): Mount[] => {
  const [before, after] = line.split(' - ');
  const [, , , root, point] = before?.split(' ') ?? [];
  const [type, , options] = after?.split(' ') ?? [];
  if (root === undefined || point === undefined || type === undefined || !type.startsWith('cgroup')) return [];
  return [{ root: unescapeOctal(root), point: unescapeOctal(point), type, options: options?.split(',') ?? [] }];
};

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** A container may see a part of the hierarchy only, mounted as if it were the whole. */
const folderBelow = (mount: Mount, path: string | undefined): string | undefined => {
  if (path === undefined || path.startsWith('/..')) return undefined;
  if (path === '/' || path === mount.root) return mount.point;
  if (mount.root === '/') return join(mount.point, path);
  return path.startsWith(`${mount.root}/`) ? join(mount.point, path.slice(mount.root.length)) : undefined;
};
