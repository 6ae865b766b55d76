import type { FoundPackage } from '../extractor.ts';

/** What a program says of itself. */
export type BuildInfo = {
  /** E.g. `go1.22.3`. */
  readonly goVersion: string;
  /** Lines of `mod`, `dep`, `=>` and `build`; empty in programs built without modules. */
  readonly modules: string;
};

/** Begins the build information, at an address that divides by 16. */
export const magic = Buffer.from('\xff Go buildinf:', 'latin1');
export const headerBytes = 32;

/** The modules of a program, with the library of Go itself. A replaced module is the one that replaces it. */
export const parseBuildInfo = ({ goVersion, modules }: BuildInfo): FoundPackage[] => {
  const packages: FoundPackage[] = [];
  const revision = /^build\tvcs\.revision=([0-9a-f]{7,64})$/m.exec(modules)?.[1];
  for (const line of modules.split('\n', 50_000)) {
    const [kind, path = '', version = ''] = line.split('\t');
    if (path === '') continue;
    if (kind === '=>' && !isLocal(path)) packages.splice(-1, 1, moduleOf(path, version));
    else if (kind === 'dep') packages.push(moduleOf(path, version));
    else if (kind === 'mod') {
      packages.push({ ...moduleOf(path, version), ...(revision === undefined ? {} : { commit: revision }) });
    }
  }
  const own = /^go(\d+\.\d+\S*)/.exec(goVersion)?.[1];
  return own === undefined ? packages : [...packages, { name: 'stdlib', version: own }];
};

const isLocal = (path: string): boolean => /^\.{0,2}\//.test(path);

/** `(devel)` is a program built in its own folder, whose version nobody knows. */
const moduleOf = (path: string, version: string): FoundPackage => ({
  name: path,
  version: version === '(devel)' ? '' : version.replace(/^v/, ''),
});

/** The string that begins at `at`, after its length as a varint. `undefined` when the bytes end before. */
export const readVarString = (
  bytes: Buffer,
  at: number,
): { readonly text: string; readonly end: number } | undefined => {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const start = at + index + 1;
      return start + length > bytes.length
        ? undefined
        : { text: withoutFrame(bytes.subarray(start, start + length)), end: start + length };
    }
  }
  return undefined;
};

/** Module lines lie between two marks of 16 bytes, by which older tools find them. */
export const withoutFrame = (bytes: Buffer): string => {
  const isFramed = bytes.length >= 33 && bytes[bytes.length - 17] === 0x0a;
  return (isFramed ? bytes.subarray(16, bytes.length - 16) : bytes).toString('utf8');
};
