export const statusFile = '/var/lib/dpkg/status';
/** One stanza per file: how distroless images keep it. */
export const statusFolder = '/var/lib/dpkg/status.d';
export const infoFolder = '/var/lib/dpkg/info';

export const isDpkgFile = (path: string): boolean =>
  path === statusFile || isDirectlyIn(statusFolder, path) || (isDirectlyIn(infoFolder, path) && path.endsWith('.list'));

const isDirectlyIn = (folder: string, path: string): boolean =>
  path.startsWith(`${folder}/`) && !path.includes('/', folder.length + 1);

/** One package of the database, as dpkg wrote it. */
export type DpkgRecord = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
};

/** The fields of a stanza that matter here. */
const fields = new Set(['package', 'status', 'version', 'architecture', 'source']);

/**
 * The installed packages of a status file (deb822 stanzas). Removed ones, of which only configuration files are left, are
 * skipped; half-installed ones count, because their files are there. `withoutStatus` says what a stanza without that field
 * means: in distroless images the package is there. `broken` counts stanzas without a name or version.
 */
export const parseStatus = (
  text: string,
  withoutStatus: 'installed' | 'absent' = 'absent',
): { readonly records: readonly DpkgRecord[]; readonly broken: number } => {
  const records: DpkgRecord[] = [];
  let broken = 0;
  let stanza = new Map<string, string>();
  const finish = (): void => {
    if (stanza.size === 0) return;
    if (isPresent(stanza.get('status'), withoutStatus)) {
      const record = recordOf(stanza);
      if (record === undefined) broken += 1;
      else records.push(record);
    }
    stanza = new Map();
  };
  for (const line of linesOf(text)) {
    if (line.trim() === '') finish();
    else readField(line, stanza);
  }
  finish();
  return { records, broken };
};

/** Lines one by one: a status file of several MB is not split into one large array. */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const stop = end < 0 ? text.length : end;
    yield text.slice(start, text.charCodeAt(stop - 1) === 13 ? stop - 1 : stop);
    start = stop + 1;
  }
}

const readField = (line: string, stanza: Map<string, string>): void => {
  if (line.startsWith(' ') || line.startsWith('\t')) return;
  const colon = line.indexOf(':');
  if (colon <= 0 || colon > 32) return;
  const name = line.slice(0, colon).toLowerCase();
  if (fields.has(name)) stanza.set(name, line.slice(colon + 1).trim());
};

/** `want flag state`. dpkg takes a stanza without it for a package that is not installed. */
const isPresent = (status: string | undefined, withoutStatus: 'installed' | 'absent'): boolean => {
  if (status === undefined) return withoutStatus === 'installed';
  const state = status.split(/\s+/)[2];
  return state !== 'not-installed' && state !== 'config-files';
};

const recordOf = (stanza: ReadonlyMap<string, string>): DpkgRecord | undefined => {
  const name = stanza.get('package') ?? '';
  const version = stanza.get('version') ?? '';
  if (name === '' || version === '' || name.length > 256 || version.length > 256) return undefined;
  return { name, version, architecture: stanza.get('architecture') ?? '', source: sourceOf(stanza, name, version) };
};

/** `Source: name (version)`; both default to the binary package's own, the version when it was not rebuilt alone. */
const sourceOf = (stanza: ReadonlyMap<string, string>, name: string, version: string): DpkgRecord['source'] => {
  const found = /^(\S{1,256})(?:\s+\(([^()\s]{1,256})\))?$/.exec(stanza.get('source') ?? '');
  return { name: found?.[1] ?? name, version: found?.[2] ?? version };
};
