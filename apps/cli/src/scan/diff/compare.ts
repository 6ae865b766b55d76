import type { Package, ScanFinding, ScanReport } from '@parapet/contract';

/** A package in the versions that only one side, or each side, has. */
export type PackageChange = {
  readonly type: string;
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
};

export type FindingChange = { readonly from: ScanFinding; readonly to: ScanFinding; readonly what: readonly string[] };

export type ScanDiff = {
  readonly format: 'parapet-diff/1';
  readonly from: string;
  readonly to: string;
  readonly packages: {
    readonly added: readonly PackageChange[];
    readonly removed: readonly PackageChange[];
    readonly changed: readonly PackageChange[];
  };
  /** Absent when one of the two was not matched with advisories: nothing can be said of it then. */
  readonly findings?: {
    readonly added: readonly ScanFinding[];
    readonly removed: readonly ScanFinding[];
    readonly changed: readonly FindingChange[];
  };
};

/** Compares by names, not by places: two generators of SBOMs name places differently. */
export const compareScans = (from: ScanReport, to: ScanReport): ScanDiff => {
  const packages = comparePackages(from.sbom.packages, to.sbom.packages);
  return {
    format: 'parapet-diff/1',
    from: from.sbom.target.name,
    to: to.sbom.target.name,
    packages: {
      added: packages.filter((change) => change.from.length === 0),
      removed: packages.filter((change) => change.to.length === 0),
      changed: packages.filter((change) => change.from.length > 0 && change.to.length > 0),
    },
    ...(from.findings === undefined || to.findings === undefined
      ? {}
      : { findings: compareFindings(from.findings, to.findings) }),
  };
};

export const isSame = ({ packages, findings }: ScanDiff): boolean =>
  [...Object.values(packages), ...Object.values(findings ?? {})].every(({ length }) => length === 0);

type Named = { readonly type: string; readonly name: string; readonly versions: Set<string> };

const comparePackages = (before: readonly Package[], after: readonly Package[]): PackageChange[] => {
  const old = versionsByName(before);
  const now = versionsByName(after);
  return [...new Map([...old, ...now])]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { type, name }]) => {
      const from = sorted(old.get(key)?.versions);
      const to = sorted(now.get(key)?.versions);
      return from.join('\n') === to.join('\n') ? [] : [{ type, name, from, to }];
    });
};

const versionsByName = (packages: readonly Package[]): Map<string, Named> => {
  const byName = new Map<string, Named>();
  for (const { type, name, version } of packages) {
    const key = JSON.stringify([type, name]);
    const named = byName.get(key) ?? { type, name, versions: new Set() };
    named.versions.add(version);
    byName.set(key, named);
  }
  return byName;
};

const sorted = (versions: ReadonlySet<string> | undefined): string[] => [...(versions ?? [])].sort();

const compareFindings = (before: readonly ScanFinding[], after: readonly ScanFinding[]) => {
  const old = byKey(before);
  const now = byKey(after);
  return {
    added: [...now].flatMap(([key, finding]) => (old.has(key) ? [] : [finding])),
    removed: [...old].flatMap(([key, finding]) => (now.has(key) ? [] : [finding])),
    changed: [...now].flatMap(([key, to]) => {
      const from = old.get(key);
      const what = from === undefined ? [] : changesOf(from, to);
      return from === undefined || what.length === 0 ? [] : [{ from, to, what }];
    }),
  };
};

/** By vulnerability and package, of any version; of several versions the most likely exploited one stands for all. */
const byKey = (findings: readonly ScanFinding[]): Map<string, ScanFinding> => {
  const map = new Map<string, ScanFinding>();
  for (const finding of findings) {
    const type = finding.purl.slice(0, finding.purl.indexOf('/'));
    const key = `${finding.vulnerability}\n${type}\n${finding.package}`;
    if (!map.has(key)) map.set(key, finding);
  }
  return map;
};

const changesOf = (from: ScanFinding, to: ScanFinding): string[] =>
  [
    [from.severity, to.severity, 'severity'],
    [from.fixedVersion ?? 'none', to.fixedVersion ?? 'none', 'fixed version'],
    [from.kev ? 'yes' : 'no', to.kev ? 'yes' : 'no', 'known to be exploited'],
    [from.version, to.version, 'installed'],
  ].flatMap(([old, now, what]) => (old === now ? [] : [`${what} ${old} -> ${now}`]));
