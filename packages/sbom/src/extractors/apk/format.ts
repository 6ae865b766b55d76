/** The database of installed packages; the second place is that of a merged /usr. */
export const databaseFiles: readonly string[] = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'];

/** One package of the database, as apk wrote it. */
export type ApkRecord = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The package whose build made it (`o:`). */
  readonly origin: string;
  readonly licence: string;
  readonly files: readonly string[];
};

/** Alpine's largest package has 30,000 files. */
const maxFiles = 200_000;

/**
 * The packages of an installed database: stanzas of `X:value` lines, in which `F:` names a folder and each `R:` a file in it.
 * `broken` counts stanzas without a name or version.
 */
export const parseInstalled = (text: string): { readonly records: readonly ApkRecord[]; readonly broken: number } => {
  const records: ApkRecord[] = [];
  let broken = 0;
  let stanza = emptyStanza();
  const finish = (): void => {
    if (stanza.isEmpty) return;
    const { name, version, origin, architecture, licence, files } = stanza;
    if (name === '' || version === '' || name.length > 256 || version.length > 256) broken += 1;
    else records.push({ name, version, architecture, origin: origin || name, licence, files });
    stanza = emptyStanza();
  };
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (end === start) finish();
    else readLine(text.charAt(start), text.charAt(start + 1), text.slice(start + 2, end), stanza);
    start = end + 1;
  }
  finish();
  return { records, broken };
};

type Stanza = {
  isEmpty: boolean;
  name: string;
  version: string;
  architecture: string;
  origin: string;
  licence: string;
  folder: string;
  readonly files: string[];
};

const emptyStanza = (): Stanza => ({
  isEmpty: true,
  name: '',
  version: '',
  architecture: '',
  origin: '',
  licence: '',
  folder: '',
  files: [],
});

const readLine = (key: string, separator: string, value: string, stanza: Stanza): void => {
  if (separator !== ':') return;
  stanza.isEmpty = false;
  switch (key) {
    case 'P':
      stanza.name = value;
      break;
    case 'V':
      stanza.version = value;
      break;
    case 'A':
      stanza.architecture = value;
      break;
    case 'o':
      stanza.origin = value;
      break;
    case 'L':
      stanza.licence = value;
      break;
    case 'F':
      stanza.folder = value;
      break;
    case 'R':
      if (stanza.files.length < maxFiles)
        stanza.files.push(`/${stanza.folder}${stanza.folder === '' ? '' : '/'}${value}`);
      break;
  }
};
