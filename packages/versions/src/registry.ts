import type { VersionScheme } from './scheme.ts';
import { apkScheme } from './schemes/apk/index.ts';
import { bitnamiScheme } from './schemes/bitnami/index.ts';
import { conanScheme } from './schemes/conan/index.ts';
import { cranScheme } from './schemes/cran/index.ts';
import { cratesScheme } from './schemes/crates/index.ts';
import { debScheme } from './schemes/deb/index.ts';
import { goScheme } from './schemes/go/index.ts';
import { hackageScheme } from './schemes/hackage/index.ts';
import { hexScheme } from './schemes/hex/index.ts';
import { mavenScheme } from './schemes/maven/index.ts';
import { npmScheme } from './schemes/npm/index.ts';
import { nugetScheme } from './schemes/nuget/index.ts';
import { packagistScheme } from './schemes/packagist/index.ts';
import { pacmanScheme } from './schemes/pacman/index.ts';
import { pep440Scheme } from './schemes/pep440/index.ts';
import { portageScheme } from './schemes/portage/index.ts';
import { pubScheme } from './schemes/pub/index.ts';
import { rpmScheme } from './schemes/rpm/index.ts';
import { rubygemsScheme } from './schemes/rubygems/index.ts';
import { semverScheme } from './schemes/semver/index.ts';

/** Every scheme; a test compares it with the folders under `schemes/`. */
export const schemes: readonly VersionScheme[] = [
  apkScheme,
  bitnamiScheme,
  conanScheme,
  cranScheme,
  cratesScheme,
  debScheme,
  goScheme,
  hackageScheme,
  hexScheme,
  mavenScheme,
  npmScheme,
  nugetScheme,
  packagistScheme,
  pacmanScheme,
  pep440Scheme,
  portageScheme,
  pubScheme,
  rpmScheme,
  rubygemsScheme,
  semverScheme,
];

const byEcosystem: ReadonlyMap<string, VersionScheme> = new Map(
  schemes.flatMap((scheme) => scheme.ecosystems.map((ecosystem) => [ecosystem, scheme] as const)),
);

/**
 * The scheme of an OSV ecosystem, its release suffix allowed: `Debian`, `Debian:12`, `Ubuntu:22.04:LTS`. `undefined` for an
 * ecosystem without a scheme: its versions cannot be compared, and nobody should guess.
 */
export const schemeOf = (ecosystem: string): VersionScheme | undefined =>
  byEcosystem.get(ecosystem.split(':', 1)[0] ?? '');
