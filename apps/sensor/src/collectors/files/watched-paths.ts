/** Which folders are watched, as people name them: absolute paths, where `*` stands for any one name. All below them is meant too. */
export type WatchedPaths = {
  /** `inside`: one of them or below. `towards`: one of them may appear below it. */
  readonly relationOf: (path: string) => 'inside' | 'towards' | undefined;
  /** How many of the names come before the first that this path has to do with: those named first are watched first. */
  readonly rankOf: (path: string) => number;
  readonly names: readonly string[];
};

/** What decides who may do what on a host, and what runs there, in this order; in containers the same, below their roots. */
export const defaultWatchedPaths: readonly string[] = [
  '/etc',
  '/root/.ssh',
  '/home/*/.ssh',
  '/var/spool/cron',
  '/run/systemd/system',
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/lib',
  '/lib64',
  '/usr/local',
  '/usr/lib',
  '/usr/lib64',
];

/** Of these the content counts: settings, keys, jobs. Programs are hashed when they run. */
export const defaultHashedPaths: readonly string[] = [
  '/etc',
  '/root/.ssh',
  '/home/*/.ssh',
  '/var/spool/cron',
  '/run/systemd/system',
];

export const maxWatchedPaths = 64;
const maxPathLength = 1024;

/** From text with a path on both sides of each comma; a sentence when one is none. */
export const parseWatchedPaths = (text: string): readonly string[] | { readonly wrong: string } => {
  const paths = text.split(',').map((path) => path.trim().replace(/(?<=.)\/+$/, ''));
  const wrong = paths.find((path) => !isPath(path));
  if (wrong !== undefined) return { wrong: `"${wrong.slice(0, 100)}" is no absolute path without "..".` };
  return paths.length > maxWatchedPaths ? { wrong: `There are more than ${maxWatchedPaths} paths.` } : paths;
};

export const createWatchedPaths = (names: readonly string[]): WatchedPaths => {
  const patterns = names.map(partsOf);
  return {
    names,
    rankOf: (path) => {
      const parts = partsOf(path);
      const rank = patterns.findIndex((pattern) => startsAlike(pattern, parts, Math.min(pattern.length, parts.length)));
      return rank < 0 ? patterns.length : rank;
    },
    relationOf: (path) => {
      const parts = partsOf(path);
      let relation: 'towards' | undefined;
      for (const pattern of patterns) {
        const common = Math.min(pattern.length, parts.length);
        if (!startsAlike(pattern, parts, common)) continue;
        if (parts.length >= pattern.length) return 'inside';
        relation = 'towards';
      }
      return relation;
    },
  };
};

const isPath = (path: string): boolean =>
  path.startsWith('/') && path.length <= maxPathLength && !path.includes('\0') && !path.split('/').includes('..');

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const startsAlike = (pattern: readonly string[], parts: readonly string[], length: number): boolean => {
  for (let index = 0; index < length; index += 1)
    if (pattern[index] !== '*' && pattern[index] !== parts[index]) return false;
  return true;
};
