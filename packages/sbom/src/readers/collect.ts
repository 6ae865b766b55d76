import type { Distribution, Package, Sbom } from '@parapet/contract';
import { type PackageUrl, type Problem, parsePackageUrl, problem } from '@parapet/core';

/** A package as a foreign document tells it. */
export type ForeignPackage = {
  readonly purl: string | undefined;
  /** For people, when it is left out. */
  readonly name: string;
  readonly version: string | undefined;
  readonly location: string | undefined;
  readonly licences: readonly string[];
  readonly source?: { readonly name: string; readonly version: string } | undefined;
};

/** As the SBOM schema says. */
const limits = { packages: 100_000, text: 1024, purl: 2048, location: 4096, licences: 64, problems: 100 };

/** Gathers packages of a document and what is wrong with them, within the schema's limits. */
export const createCollector = () => {
  const packages: Package[] = [];
  const problems: Problem[] = [];
  let withoutPurl = 0;
  let beyond = 0;
  let unnamed = '';
  let distribution: Distribution | undefined;

  const add = (found: ForeignPackage): void => {
    if (found.purl === undefined) {
      withoutPurl += 1;
      unnamed ||= found.name.slice(0, limits.text);
      return;
    }
    const purl = found.purl.length > limits.purl ? undefined : parsePackageUrl(found.purl);
    if (purl === undefined || !purl.ok) {
      if (problems.length < limits.problems)
        problems.push(
          problem('bad-purl', `${found.name.slice(0, limits.text)} has no valid package URL; it is left out.`),
        );
      return;
    }
    if (packages.length >= limits.packages) {
      beyond += 1;
      return;
    }
    packages.push(packageOf(found, found.purl, purl.value));
    distribution ??= distributionOf(purl.value);
  };

  return {
    add,
    report: (code: string, message: string): void => {
      if (problems.length < limits.problems) problems.push(problem(code, message));
    },
    /** `stated`: what the document itself says of the distribution. */
    finish: (head: Pick<Sbom, 'target' | 'createdAt'>, stated: Distribution | undefined): Sbom => {
      if (withoutPurl > 0)
        problems.push(
          problem('no-purl', `${withoutPurl} components have no package URL and cannot be matched, e.g. ${unnamed}.`),
        );
      if (beyond > 0) problems.push(problem('too-many', `${beyond} packages beyond ${limits.packages} are left out.`));
      const system = stated ?? distribution;
      return {
        format: 'parapet-sbom/1',
        status: problems.length === 0 ? 'succeeded' : packages.length === 0 ? 'failed' : 'partial',
        target: { kind: head.target.kind, name: head.target.name.slice(0, limits.text) },
        createdAt: head.createdAt,
        ...(system === undefined ? {} : { distribution: system }),
        packages,
        problems,
      };
    },
  };
};

const packageOf = (found: ForeignPackage, text: string, purl: PackageUrl): Package => {
  const source = found.source ?? upstreamOf(purl, found.version ?? purl.version);
  const arch = purl.qualifiers['arch'];
  return {
    purl: text,
    type: purl.type === 'deb' ? 'dpkg' : purl.type.slice(0, 32),
    name: nameOf(purl).slice(0, limits.text),
    version: versionOf(purl, found.version).slice(0, limits.text),
    ...(arch === undefined ? {} : { architecture: arch.slice(0, 64) }),
    ...(source === undefined || source.name === ''
      ? {}
      : { source: { name: source.name.slice(0, limits.text), version: source.version.slice(0, limits.text) } }),
    licences: [...new Set(found.licences.map((licence) => licence.slice(0, limits.text)))]
      .filter((licence) => licence !== '')
      .slice(0, limits.licences),
    location: (found.location ?? '').slice(0, limits.location),
    files: [],
  };
};

const distributionTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'ebuild']);

/** The name as advisories and our own extractors write it. */
const nameOf = ({ type, namespace, name }: PackageUrl): string =>
  namespace === '' || distributionTypes.has(type) ? name : `${namespace}${type === 'maven' ? ':' : '/'}${name}`;

/** Package URLs of rpm keep the epoch apart; those of Go have a `v` that advisories lack. */
const versionOf = (purl: PackageUrl, stated: string | undefined): string => {
  const version = purl.version === '' ? (stated ?? '') : purl.version;
  if (purl.type === 'rpm') return withEpoch(purl, version);
  return purl.type === 'golang' ? version.replace(/^v(?=\d)/, '') : version;
};

const withEpoch = ({ qualifiers }: PackageUrl, version: string): string => {
  const epoch = qualifiers['epoch'] ?? '0';
  return /^[1-9]\d*$/.test(epoch) && !version.includes(':') ? `${epoch}:${version}` : version;
};

/** A habit of several generators: `upstream=openssl` or `upstream=openssl@3.0.11-1`; of rpm the file name of the source package. */
const upstreamOf = (purl: PackageUrl, version: string): ForeignPackage['source'] => {
  const upstream = purl.qualifiers['upstream'];
  if (upstream === undefined || upstream === '') return undefined;
  const rpm = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(upstream);
  if (rpm !== null) return { name: rpm[1] ?? '', version: withEpoch(purl, rpm[2] ?? '') };
  const at = upstream.lastIndexOf('@');
  return at > 0
    ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) }
    : { name: upstream, version: purl.version === '' ? version : purl.version };
};

/** `distro=debian-12`, or only the release (`distro=3.19.1`). */
const distributionOf = ({ type, namespace, qualifiers }: PackageUrl): Distribution | undefined => {
  if (!distributionTypes.has(type)) return undefined;
  const parts = /^(?:([a-z][a-z0-9_-]*?)-)?(v?\d[\w.]*)$/i.exec(qualifiers['distro'] ?? '');
  const id = parts?.[1] ?? namespace;
  return parts === null || id === '' ? undefined : distributionNamed(id, parts[2] ?? '');
};

/** The names that package URLs and generators use for what os-release calls differently. */
const osReleaseIds: ReadonlyMap<string, string> = new Map([
  ['redhat', 'rhel'],
  ['alma', 'almalinux'],
  ['opensuse.leap', 'opensuse-leap'],
  ['opensuse.tumbleweed', 'opensuse-tumbleweed'],
]);

export const distributionNamed = (name: string, version: string): Distribution => {
  const id = name.toLowerCase().slice(0, 256);
  const versionId = version.replace(/^v(?=\d)/, '').slice(0, 256);
  return { id: osReleaseIds.get(id) ?? id, versionId, name: `${id} ${versionId}`.trim() };
};

/** ISO 8601, whatever the document's spelling; the fallback when it has none. */
export const instantOf = (text: unknown, fallback: string): string => {
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? fallback : new Date(at).toISOString();
};
