import type { FoundPackage } from '../extractor.ts';
import { commitOf } from '../repository-url.ts';

/** Mix and rebar3 keep dependencies, with the lock files that their own authors used, in `deps/`. */
export const isOfProject = (path: string): boolean => !/\/(?:deps|_build\/[^/]+\/lib)\/[^/]+\/[^/]+$/.test(path);

/** The packages of a lock file; that of rebar3 begins with a tuple or a list, that of Mix with a map. */
export const parseHexLock = (text: string): FoundPackage[] =>
  /^\s*[{[]/.test(text.slice(0, 1024)) ? parseRebarLock(text) : parseMixLock(text);

/**
 * One entry a line: `"app": {:hex, :package, "1.0.0", "checksum", [:mix], […], "hexpm", "checksum"}` or
 * `"app": {:git, "address", "commit", […]}`. A package of an organisation has its repository as a namespace, so that advisories about
 * a public one of the same name say nothing about it.
 */
const parseMixLock = (text: string): FoundPackage[] =>
  text.split(/\r?\n/).flatMap((line): FoundPackage[] => {
    const [, app = '', kind, atom, address, version = ''] =
      /^\s*"([^"]+)":\s*\{:(hex|git),\s*(?::"?([^\s",]+)"?|"([^"]*)"),\s*"([^"]*)"/.exec(line) ?? [];
    if (kind === 'git' && address !== undefined) return [{ name: app, version: '', ...commitOf(`#${version}`) }];
    if (kind !== 'hex' || atom === undefined) return [];
    const organisation = /"hexpm:([\w-]+)",\s*"[0-9a-f]{64}"\},?\s*$/.exec(line.slice(-256))?.[1];
    return [{ name: organisation === undefined ? atom : `${organisation}/${atom}`, version }];
  });

/** `{<<"app">>,{pkg,<<"package">>,<<"1.0.0">>},0}` where 0 is the depth, or `{<<"app">>,{git,"address",{ref,"commit"}},0}`. */
const parseRebarLock = (text: string): FoundPackage[] => [
  ...[
    ...text.matchAll(
      /<<"[^"]{1,256}">>,\s{0,64}\{pkg,\s{0,64}<<"([^"]{1,256})">>,\s{0,64}<<"([^"]{1,256})">>[^}]{0,256}\},\s{0,64}(\d+)/g,
    ),
  ].map(([, name = '', version = '', depth]) => ({ name, version, ...(depth === '0' ? { isDirect: true } : {}) })),
  ...[
    ...text.matchAll(
      /<<"([^"]{1,256})">>,\s{0,64}\{git,\s{0,64}"[^"]{0,2048}",\s{0,64}\{ref,\s{0,64}"([0-9a-f]{7,64})"\}/g,
    ),
  ].map(([, name = '', commit = '']) => ({ name, version: '', commit })),
];
