import type { FileExtractor } from '../extractors/extractor.ts';

/** Tells which extractors read a file. */
export type Chooser = {
  /** By its path; `name` is the last part of it. */
  readonly byName: (path: string, name: string) => readonly FileExtractor[];
  /** Of programs, by the first bytes and the name. */
  readonly byHead: (head: Buffer, name: string) => readonly FileExtractor[];
};

/** Bytes of a program that decide who reads it. */
export const headBytes = 64;

export const createChooser = (extractors: readonly FileExtractor[]): Chooser => {
  const byName = tableOf(extractors, ({ wish }) => wish.names ?? []);
  const byPrefix = tableOf(extractors, ({ wish }) => wish.prefixes ?? []);
  const byExtension = tableOf(extractors, ({ wish }) => wish.extensions ?? []);
  const ofPrograms = extractors.filter(({ wish }) => wish.program !== undefined);
  return {
    byName: (path, name) => {
      const named = byName.get(name);
      const hyphen = name.indexOf('-');
      const begun = hyphen < 0 ? undefined : byPrefix.get(name.slice(0, hyphen));
      const dot = name.lastIndexOf('.');
      const ending = dot < 0 ? undefined : byExtension.get(name.slice(dot + 1).toLowerCase());
      if (named === undefined && ending === undefined && begun === undefined) return none;
      return [...(named ?? none), ...(begun ?? none), ...(ending ?? none)].filter(
        ({ wish }) => wish.accepts?.(path) ?? true,
      );
    },
    byHead: (head, name) => ofPrograms.filter(({ wish }) => wish.program?.(head, name)),
  };
};

const none: readonly FileExtractor[] = [];

const tableOf = (
  extractors: readonly FileExtractor[],
  keysOf: (extractor: FileExtractor) => readonly string[],
): ReadonlyMap<string, readonly FileExtractor[]> => {
  const table = new Map<string, FileExtractor[]>();
  for (const extractor of extractors) {
    for (const key of keysOf(extractor)) table.set(key, [...(table.get(key) ?? []), extractor]);
  }
  return table;
};

/** Smaller files are no programs with packages in them. */
const minProgramBytes = 4096;

/** Whether a file may be a program, before its content is seen. */
export const mayBeProgram = (
  name: string,
  file: { readonly sizeBytes: number; readonly isExecutable: boolean },
): boolean => file.sizeBytes >= minProgramBytes && (file.isExecutable || hasProgramName(name)) && !hasOtherName(name);

/** Windows knows programs by their names alone. */
const hasProgramName = (name: string): boolean => /\.(?:dll|exe)$/i.test(name);

/** Whether its name says that a file is no program, so that nothing needs to be asked about it. */
export const hasOtherName = (name: string): boolean => {
  const dot = name.lastIndexOf('.');
  return dot >= 0 && otherExtensions.has(name.slice(dot + 1).toLowerCase());
};

const otherExtensions: ReadonlySet<string> = new Set(
  (
    'a bat bz2 c cc cfg class cmake cnf conf cpp crt css csv d db desktop el erb go gif gz h hpp htm html ico inc ini ' +
    'info jar java jpeg jpg js json jsx key la list lock log lua m4 map md md5sums mjs mo nse o patch pc pdf pem php pl ' +
    'pm png po pod postinst postrm preinst prerm properties proto ps1 py pyc pyi rb rs rst scss sh sql svg symbols tar tcl ' +
    'templates ts tsx ttf txt vim wasm war woff woff2 xml xsd xsl xz yaml yml zip zst'
  ).split(' '),
);
