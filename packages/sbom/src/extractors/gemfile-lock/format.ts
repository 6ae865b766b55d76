import type { FoundPackage } from '../extractor.ts';

/** Sections that hold gems: of registries, of repositories, of the project's own folders, and of plugins. */
const sources: ReadonlySet<string> = new Set(['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE']);

/** The gems of a lock file: `name (version-platform)` by four spaces below `specs:`; what each needs is by six. */
export const parseGemfileLock = (text: string): FoundPackage[] => {
  const packages: FoundPackage[] = [];
  const direct = new Set<string>();
  let section = '';
  let revision: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^[A-Z]/.test(line)) {
      section = line.trim();
      revision = undefined;
    } else if (section === 'DEPENDENCIES') direct.add(/^ {2}([^\s!(]+)/.exec(line)?.[1] ?? '');
    else if (section === 'GIT' && line.startsWith('  revision: ')) revision = line.slice('  revision: '.length).trim();
    else if (sources.has(section)) {
      const [, name, version, platform] = /^ {4}(\S+) \(([^)\s-]+)(?:-([^)\s]+))?\)$/.exec(line) ?? [];
      if (name === undefined || version === undefined) continue;
      packages.push({
        name,
        version,
        ...(platform === undefined ? {} : { qualifiers: { platform } }),
        ...(revision === undefined ? {} : { commit: revision }),
      });
    }
  }
  return packages.map((found) => (direct.has(found.name) ? { ...found, isDirect: true } : found));
};
