import type { Distribution } from '@parapet/contract';

/** By which name advisories call a package: the source package, the installed one, or one of both. */
export type NamedBy = 'source' | 'binary' | 'either';

/** Which advisories speak of a distribution's packages. */
export type EcosystemRule = {
  /** The extractor whose packages it is about. */
  readonly packageType: string;
  readonly namedBy: NamedBy;
  /** Whether an OSV ecosystem, suffix included, is this distribution's. */
  readonly covers: (ecosystem: string) => boolean;
};

/** Conventions of OSV's distributions; https://ossf.github.io/osv-schema/#affectedpackage-field. `undefined` for one that has none there. */
export const ecosystemRuleOf = (distribution: Distribution): EcosystemRule | undefined =>
  rules.get(distribution.id)?.(distribution);

const exactly = (packageType: string, namedBy: NamedBy, ...names: readonly string[]): EcosystemRule => ({
  packageType,
  namedBy,
  covers: (ecosystem) => names.includes(ecosystem),
});

const matching = (packageType: string, namedBy: NamedBy, pattern: RegExp): EcosystemRule => ({
  packageType,
  namedBy,
  covers: (ecosystem) => pattern.test(ecosystem),
});

const major = (versionId: string): string => versionId.split('.', 1)[0] ?? '';

const majorMinor = (versionId: string): string => versionId.split('.', 2).join('.');

/** For targets whose files name only the codename: testing and unstable. */
const debianReleases: ReadonlyMap<string, string> = new Map([
  ['stretch', '9'],
  ['buster', '10'],
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
  ['forky', '14'],
  ['duke', '15'],
]);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

type RuleOf = (distribution: Distribution) => EcosystemRule | undefined;

const debian: RuleOf = ({ versionId, versionCodename }) => {
  const release = versionId === '' ? debianReleases.get(versionCodename ?? '') : major(versionId);
  return release === undefined ? undefined : exactly('dpkg', 'source', `Debian:${release}`);
};

/** Ubuntu Pro's own records count only for its subscribers, whose packages say so by their versions; they are left out. */
const ubuntu: RuleOf = ({ versionId }) => exactly('dpkg', 'source', `Ubuntu:${versionId}`, `Ubuntu:${versionId}:LTS`);

const alpine: RuleOf = ({ versionId }) =>
  /^\d/.test(versionId) && !versionId.includes('_alpha')
    ? exactly('apk', 'source', `Alpine:v${majorMinor(versionId)}`)
    : exactly('apk', 'source', 'Alpine:edge');

const redHat: RuleOf = ({ versionId }) =>
  matching('rpm', 'binary', new RegExp(`^Red Hat:enterprise_linux:${escaped(major(versionId))}(?:\\.\\d+)?(?::|$)`));

const suse: RuleOf = ({ versionId }) => {
  const [release = '', pack] = versionId.split('.');
  const suffix = pack === undefined || pack === '0' ? release : `${release} SP${pack}`;
  return matching('rpm', 'source', new RegExp(`^SUSE:.* ${escaped(suffix)}(?:-LTSS|-ESPOS)?$`));
};

/** A map, not an object: the id comes out of a workload's file, and `constructor` is no distribution. */
const rules: ReadonlyMap<string, RuleOf> = new Map(
  Object.entries<RuleOf>({
    debian,
    ubuntu,
    alpine,
    wolfi: () => exactly('apk', 'source', 'Wolfi'),
    chainguard: () => exactly('apk', 'source', 'Chainguard', 'Wolfi'),
    almalinux: ({ versionId }) => exactly('rpm', 'binary', `AlmaLinux:${major(versionId)}`),
    rocky: ({ versionId }) => exactly('rpm', 'either', `Rocky Linux:${major(versionId)}`),
    rhel: redHat,
    centos: redHat,
    sles: suse,
    sled: suse,
    'opensuse-leap': ({ versionId }) => exactly('rpm', 'source', `openSUSE:Leap ${versionId}`),
    opensuse: ({ versionId }) => exactly('rpm', 'source', `openSUSE:Leap ${versionId}`),
    'opensuse-tumbleweed': () => exactly('rpm', 'source', 'openSUSE:Tumbleweed'),
    azurelinux: ({ versionId }) => exactly('rpm', 'source', `Azure Linux:${major(versionId)}`),
    mariner: ({ versionId }) => exactly('rpm', 'source', `Azure Linux:${major(versionId)}`),
    photon: ({ versionId }) => exactly('rpm', 'either', `Photon OS:${versionId}`),
    mageia: ({ versionId }) => exactly('rpm', 'either', `Mageia:${versionId}`),
    openeuler: ({ versionId }) => matching('rpm', 'either', new RegExp(`^openEuler:${escaped(versionId)}(?:-|$)`)),
  }),
);
