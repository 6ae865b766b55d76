import type { FoundPackage } from '../extractor.ts';

export const isGradleLock = (path: string): boolean =>
  /(?:\/|-)gradle\.lockfile$|\/dependency-locks\/[^/]+\.lockfile$/.test(path);

/** Lines of `group:artifact:version=configurations`; what only configurations of tests have is for tests. */
export const parseGradleLock = (text: string): FoundPackage[] =>
  text.split(/\r?\n/).flatMap((line): FoundPackage[] => {
    const [, group, artifact, version, configurations = ''] =
      /^([^\s:#=]+):([^\s:=]+):([^\s:=]+)(?:=(.*))?$/.exec(line.trim()) ?? [];
    if (version === undefined) return [];
    const names = configurations.split(',').filter(Boolean);
    const isForTests = names.length > 0 && names.every((name) => /test/i.test(name));
    return [{ name: `${group}:${artifact}`, version, ...(isForTests ? { scope: 'test' } : {}) }];
  });
