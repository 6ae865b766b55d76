import type { FoundPackage } from '../extractor.ts';

/** A lock file: under `NUGET` and `GITHUB` the packages by four spaces, what they need by six. */
export const parsePaketLock = (text: string): FoundPackage[] => {
  let section = '';
  return text.split(/\r?\n/).flatMap((line): FoundPackage[] => {
    if (/^\S/.test(line)) section = line.trim();
    const [, name, version] = /^ {4}(\S+) \(([^)\s]+)\)/.exec(line) ?? [];
    if (name === undefined || version === undefined) return [];
    if (section === 'NUGET') return [{ name, version }];
    return section === 'GITHUB' ? [fromGithub(name, version)] : [];
  });
};

/** Declarations: `nuget Name ~> 1.0` and `github user/project:version`, in groups or not. */
export const parsePaketDependencies = (text: string): FoundPackage[] =>
  text.split(/\r?\n/).flatMap((raw): FoundPackage[] => {
    const [kind, name, ...rest] = raw
      .replace(/(?:\/\/|#).*$/, '')
      .trim()
      .split(/\s+/);
    if (name === undefined) return [];
    if (kind === 'nuget') {
      const version = /^(?:(?:==?|>=|~>|<=)\s*)?(\d[\w.+-]*)/.exec(rest.join(' '))?.[1] ?? '';
      return [{ name, version, evidence: 'declared', isDirect: true }];
    }
    if (kind !== 'github') return [];
    const [project = '', version = ''] = name.split(':', 2);
    return [{ ...fromGithub(project, version), evidence: 'declared', isDirect: true }];
  });

const fromGithub = (name: string, version: string): FoundPackage =>
  /^[0-9a-f]{7,40}$/.test(version)
    ? { name, version: '', type: 'github', commit: version }
    : { name, version, type: 'github' };
