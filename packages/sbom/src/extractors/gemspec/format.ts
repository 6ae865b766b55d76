/**
 * Installed gems are described in `specifications`; their folders hold the descriptions that they were built from, which say the
 * same. Files of versions are wished for so that a stream keeps them.
 */
export const isOfInterest = (path: string): boolean => !/\/gems\/[^/]+-\d[^/]*\//.test(path);

export type Gemspec = {
  readonly name: string | undefined;
  /** Empty when it is none of text: then a constant may be it. */
  readonly version: string;
  readonly licences: readonly string[];
  readonly versionConstant: string | undefined;
  /** Files that it loads, relative to its folder or to `lib` in it. */
  readonly loads: readonly string[];
};

/** Reads what stands in plain text in a description; it is a program, which is not run. */
export const parseGemspec = (text: string): Gemspec => {
  const code = text.replace(/^[ \t]*#(?! stub:).*$/gm, '');
  const assigned = (field: string): string | undefined =>
    new RegExp(`^[ \\t]*\\w+\\.${field}[ \\t]*=[ \\t]*(?:Gem::Version\\.new\\()?["']([^"'#]+)["']`, 'm').exec(
      code,
    )?.[1];
  const constant = /^[ \t]*\w+\.version[ \t]*=[ \t]*((?:::)?[A-Z]\w*(?:::[A-Z]\w*)*)/m.exec(code)?.[1];
  return {
    name: assigned('name'),
    version: assigned('version') ?? '',
    licences: licencesOf(code),
    versionConstant: constant?.split('::').at(-1),
    loads: [...code.matchAll(/^[ \t]*(?:require|require_relative|load)\b[^"'\n]*["']([^"'\n]+)["']/gm)].map(
      ([, path = '']) => path,
    ),
  };
};

const licencesOf = (code: string): string[] => {
  const stated = /^[ \t]*\w+\.licenses?[ \t]*=[ \t]*(\[[^\]]*\]|["'][^"']*["'])/m.exec(code)?.[1] ?? '';
  return [...stated.matchAll(/["']([^"']+)["']/g)].map(([, licence = '']) => licence);
};

/** The text that a file assigns to a constant. */
export const constantIn = (text: string, name: string): string | undefined =>
  new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']([^"'#]+)["']`, 'm').exec(text)?.[1];
