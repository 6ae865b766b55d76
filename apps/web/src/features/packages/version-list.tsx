import type { PackageVersion, ResultOf } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { formatCount } from '../../lib/format.ts';
import { addressOf, type PackagesSearch } from './package-search.ts';
import styles from './packages.module.css';

type VersionListProps = { readonly found: ResultOf<'packages.versions'>; readonly search: PackagesSearch };

/** The versions by package, each with the number of assets that hold it. */
export const VersionList = ({ found, search }: VersionListProps) => (
  <ul className={styles.packages} aria-label="Versions">
    {byPackage(found.items).map(({ key, name, type, versions }) => (
      <li key={key}>
        <h2>
          {name} <span className={styles.type}>{type}</span>
        </h2>
        <ul className={styles.versions}>
          {versions.map((item) => (
            <li key={item.version}>
              <AnyLink
                to={addressOf(item)}
                className={styles.version}
                data-current={search.match === 'exact' && search.version === item.version}
                title={`${versionText(item)}: ${formatCount(item.assets)} assets`}
              >
                <span>{versionText(item)}</span>
                <b>{formatCount(item.assets)}</b>
              </AnyLink>
            </li>
          ))}
        </ul>
      </li>
    ))}
  </ul>
);

/** A manifest may ask for a package without saying which. */
const versionText = ({ version }: PackageVersion): string => (version === '' ? 'no version' : version);

type Group = {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly versions: readonly PackageVersion[];
};

const byPackage = (items: readonly PackageVersion[]): readonly Group[] =>
  [...Map.groupBy(items, ({ type, name }) => `${type}/${name}`)].flatMap(([key, versions]) =>
    versions.slice(0, 1).map(({ name, type }) => ({ key, name, type, versions })),
  );
