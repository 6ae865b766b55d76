import { fail, ok, type Problem, problem, type Result } from '../result.ts';
import type { PackageUrl } from './parts.ts';
import { normaliseParts, violationOf } from './types.ts';

/** Longer ones name nothing; the contract stores no more. */
const maxLength = 8192;

/** Reads a package URL. Fails with `bad-purl` for what the specification or its type does not allow. */
export const parsePackageUrl = (text: string): Result<PackageUrl, Problem> => {
  if (text.length > maxLength) return bad('is too long');
  const scheme = /^pkg:\/*/i.exec(text);
  if (scheme === null) return bad('does not begin with pkg:');
  try {
    return parseRest(text.slice(scheme[0].length));
  } catch {
    return bad('holds a broken escape');
  }
};

/** Makes a package URL of its parts, in the form of its type. Fails with `bad-purl` as {@link parsePackageUrl} does. */
export const buildPackageUrl = (parts: Partial<PackageUrl>): Result<PackageUrl, Problem> => {
  const type = (parts.type ?? '').toLowerCase();
  if (!/^[a-z][a-z0-9.+-]*$/.test(type)) return bad('has no type');
  const qualifiers = Object.entries(parts.qualifiers ?? {}).map(([key, value]) => [key.toLowerCase(), value] as const);
  const wrong = qualifiers.find(([key]) => !/^[a-z][a-z0-9._-]*$/.test(key));
  if (wrong !== undefined) return bad(`has a bad qualifier ${wrong[0].slice(0, 64)}`);
  const normal = normaliseParts({
    type,
    namespace: segmentsOf(parts.namespace ?? '').join('/'),
    name: (parts.name ?? '').replace(/^\/+|\/+$/g, ''),
    version: parts.version ?? '',
    qualifiers: Object.fromEntries(qualifiers.filter(([, value]) => value !== '')),
    subpath: subpathOf(parts.subpath ?? ''),
  });
  const violation = violationOf(normal);
  return violation === undefined ? ok(normal) : bad(violation);
};

/** Writes the canonical text: everything escaped but letters, digits, `.-_~` and the colon; qualifiers sorted. */
export const formatPackageUrl = (purl: PackageUrl): string => {
  const path = [...segmentsOf(purl.namespace), ...(purl.type === 'git' ? segmentsOf(purl.name) : [purl.name])];
  const qualifiers = Object.entries(purl.qualifiers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${escaped(value)}`);
  return [
    `pkg:${[purl.type, ...path.map(escaped)].join('/')}`,
    purl.version === '' ? '' : `@${escaped(purl.version)}`,
    qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`,
    purl.subpath === '' ? '' : `#${purl.subpath.split('/').map(escaped).join('/')}`,
  ].join('');
};

/** From the right, as the specification has it: subpath, qualifiers, version, name, type, namespace. */
const parseRest = (text: string): Result<PackageUrl, Problem> => {
  const [beforeSubpath, subpath] = splitLast(text, '#');
  const [beforeQualifiers, query] = splitLast(beforeSubpath, '?');
  const slash = beforeQualifiers.indexOf('/');
  if (slash < 0) return bad('has no name');
  const rest = beforeQualifiers.slice(slash + 1).replace(/^\/+/, '');
  const [path, version] = splitVersion(rest);
  const segments = path.split('/');
  const nameLength = beforeQualifiers.slice(0, slash).toLowerCase() === 'git' ? Math.max(segments.length - 1, 1) : 1;
  const decoded = segments.map((segment) => decodeURIComponent(segment));
  return buildPackageUrl({
    type: beforeQualifiers.slice(0, slash),
    namespace: decoded.slice(0, -nameLength).join('/'),
    name: decoded.slice(-nameLength).join('/'),
    version: decodeURIComponent(version),
    qualifiers: Object.fromEntries(query.split('&').filter(Boolean).map(parseQualifier)),
    subpath: subpath
      .split('/')
      .map((segment) => decodeURIComponent(segment))
      .join('/'),
  });
};

const parseQualifier = (pair: string): [string, string] => {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), decodeURIComponent(pair.slice(equals + 1))];
};

const splitLast = (text: string, separator: string): [string, string] => {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

/** An `@` at the beginning of a segment that is not the last one is npm's scope, written without its escape. */
const splitVersion = (path: string): [string, string] => {
  const at = path.lastIndexOf('@');
  const isScope = (at === 0 || path[at - 1] === '/') && path.indexOf('/', at) >= 0;
  return at < 0 || isScope ? [path, ''] : [path.slice(0, at), path.slice(at + 1)];
};

const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

const subpathOf = (path: string): string =>
  segmentsOf(path)
    .filter((segment) => segment !== '.' && segment !== '..')
    .join('/');

const escaped = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');

const bad = (why: string): Result<never, Problem> => fail(problem('bad-purl', `This package URL ${why}.`));
