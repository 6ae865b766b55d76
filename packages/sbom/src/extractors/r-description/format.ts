import type { FoundPackage } from '../extractor.ts';

const maxLines = 5000;

/**
 * The package that a DESCRIPTION file tells of ("Writing R Extensions", 1.1.1), when it is installed: R adds `Built` then, which
 * sources and other tools' files of that name do not have. R's own packages (`Priority: base`) are R itself.
 */
export const parseDescription = (text: string): FoundPackage | undefined => {
  const fields = new Map<string, string>();
  for (const line of text.split('\n', maxLines)) {
    const [, name, value] = /^([A-Za-z][\w@/.-]{0,63}):\s*(\S.*)?$/.exec(line.trimEnd()) ?? [];
    if (name !== undefined && !fields.has(name)) fields.set(name, value ?? '');
  }
  const name = fields.get('Package') ?? '';
  if (!/^[A-Za-z][A-Za-z0-9.]*$/.test(name) || !fields.has('Built')) return undefined;
  const version = fields.get('Version') ?? '';
  if (fields.get('Priority') === 'base') return name === 'base' ? { name: 'R', version, type: 'generic' } : undefined;
  const licence = fields.get('License') ?? '';
  const commit = fields.get('RemoteSha') ?? '';
  return {
    name,
    version,
    ...(fields.has('biocViews') ? { type: 'bioconductor' } : {}),
    ...(licence === '' ? {} : { licences: [licence] }),
    ...(/^[0-9a-f]{40,64}$/.test(commit) ? { commit } : {}),
  };
};
