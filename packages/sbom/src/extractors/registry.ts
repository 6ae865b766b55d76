import { releaseFiles } from '../distribution/detect.ts';
import { createChooser, mayBeProgram } from '../walk/choose.ts';
import { alpm } from './alpm/index.ts';
import { apk } from './apk/index.ts';
import { bunLock } from './bun-lock/index.ts';
import { cargoLock } from './cargo-lock/index.ts';
import { cargoToml } from './cargo-toml/index.ts';
import { composerInstalled } from './composer-installed/index.ts';
import { composerLock } from './composer-lock/index.ts';
import { conanLock } from './conan-lock/index.ts';
import { conda } from './conda/index.ts';
import { cpan } from './cpan/index.ts';
import { deno } from './deno/index.ts';
import { dotnetAssembly } from './dotnet-assembly/index.ts';
import { dotnetDeps } from './dotnet-deps/index.ts';
import { dpkg } from './dpkg/index.ts';
import type { DatabaseExtractor, FileExtractor } from './extractor.ts';
import { gemfileLock } from './gemfile-lock/index.ts';
import { gemspec } from './gemspec/index.ts';
import { githubActions } from './github-actions/index.ts';
import { gleam } from './gleam/index.ts';
import { goBinary } from './go-binary/index.ts';
import { goMod } from './go-mod/index.ts';
import { goToolchain } from './go-toolchain/index.ts';
import { gradleCatalog } from './gradle-catalog/index.ts';
import { gradleLock } from './gradle-lock/index.ts';
import { gradleVerification } from './gradle-verification/index.ts';
import { hackageLock } from './hackage-lock/index.ts';
import { javaArchive } from './java-archive/index.ts';
import { javaRelease } from './java-release/index.ts';
import { julia } from './julia/index.ts';
import { kernel } from './kernel/index.ts';
import { knownProgram } from './known-program/index.ts';
import { mixLock } from './mix-lock/index.ts';
import { msbuild } from './msbuild/index.ts';
import { nimble } from './nimble/index.ts';
import { nugetLock } from './nuget-lock/index.ts';
import { opkg } from './opkg/index.ts';
import { mergeableFolders } from './owned-files.ts';
import { packageJson } from './package-json/index.ts';
import { packageLock } from './package-lock/index.ts';
import { paket } from './paket/index.ts';
import { pdmLock } from './pdm-lock/index.ts';
import { pipfileLock } from './pipfile-lock/index.ts';
import { pnpmLock } from './pnpm-lock/index.ts';
import { podfileLock } from './podfile-lock/index.ts';
import { poetryLock } from './poetry-lock/index.ts';
import { pom } from './pom/index.ts';
import { pubLock } from './pub-lock/index.ts';
import { pylock } from './pylock/index.ts';
import { pyproject } from './pyproject/index.ts';
import { pythonArchive } from './python-archive/index.ts';
import { pythonMetadata } from './python-metadata/index.ts';
import { rDescription } from './r-description/index.ts';
import { renvLock } from './renv-lock/index.ts';
import { requirements } from './requirements/index.ts';
import { rpm } from './rpm/index.ts';
import { rustBinary } from './rust-binary/index.ts';
import { sbomDocument } from './sbom-document/index.ts';
import { sbtLock } from './sbt-lock/index.ts';
import { setupPy } from './setup-py/index.ts';
import { swiftResolved } from './swift-resolved/index.ts';
import { terraformLock } from './terraform-lock/index.ts';
import { uvLock } from './uv-lock/index.ts';
import { vcpkg } from './vcpkg/index.ts';
import { vsix } from './vsix/index.ts';
import { yarnLock } from './yarn-lock/index.ts';

/** Those that read the database of a distribution; a test compares all extractors with the folders beside this file. */
export const databaseExtractors: readonly DatabaseExtractor[] = [alpm, apk, dpkg, opkg, rpm];

/** Those that read one file at a time, wherever it lies. */
export const fileExtractors: readonly FileExtractor[] = [
  bunLock,
  cargoLock,
  cargoToml,
  composerInstalled,
  composerLock,
  conanLock,
  conda,
  cpan,
  deno,
  dotnetAssembly,
  dotnetDeps,
  gemfileLock,
  gemspec,
  githubActions,
  gleam,
  goBinary,
  goMod,
  goToolchain,
  gradleCatalog,
  gradleLock,
  gradleVerification,
  hackageLock,
  javaArchive,
  javaRelease,
  julia,
  kernel,
  knownProgram,
  mixLock,
  msbuild,
  nimble,
  nugetLock,
  packageJson,
  packageLock,
  paket,
  pdmLock,
  pipfileLock,
  pnpmLock,
  podfileLock,
  poetryLock,
  pom,
  pubLock,
  pylock,
  pyproject,
  pythonArchive,
  pythonMetadata,
  rDescription,
  renvLock,
  requirements,
  rustBinary,
  sbomDocument,
  sbtLock,
  setupPy,
  swiftResolved,
  terraformLock,
  uvLock,
  vcpkg,
  vsix,
  yarnLock,
];

/** Every extractor. */
export const extractors: readonly (DatabaseExtractor | FileExtractor)[] = [...databaseExtractors, ...fileExtractors];

/** What becomes of a file that passes in a stream. */
export type StreamChoice =
  /** Its content is kept until everything has passed. */
  | { readonly kind: 'keep' }
  /** It is read at once and its content forgotten. */
  | { readonly kind: 'read'; readonly extractors: readonly FileExtractor[] }
  /** The first bytes decide which extractors read it. */
  | { readonly kind: 'look'; readonly byHead: (head: Buffer) => readonly FileExtractor[] };

const chooser = createChooser(fileExtractors);

/**
 * What to do with a file of an image, by its canonical path. Databases and files whose extractor asks for their neighbours
 * are kept; all others are read while they pass, so that memory does not depend on how many there are.
 */
export const chooseInStream = (
  path: string,
  name: string,
  file: { readonly sizeBytes: number; readonly isExecutable: boolean },
): StreamChoice | undefined => {
  if (isDatabaseFile(path)) return { kind: 'keep' };
  const readers = chooser.byName(path, name);
  if (readers.some(({ needsNeighbours }) => needsNeighbours === true)) return { kind: 'keep' };
  if (mayBeProgram(name, file)) return { kind: 'look', byHead: (head) => [...readers, ...chooser.byHead(head, name)] };
  return readers.length > 0 ? { kind: 'read', extractors: readers } : undefined;
};

/** Whether the database of a distribution, or what tells which one it is, lies at this canonical path. */
export const isDatabaseFile = (path: string): boolean =>
  releaseFiles.has(path) || databaseExtractors.some((extractor) => extractor.wanted(path));

/** Whether a link at this path matters: it is on the way to a database, or tells of a merged /usr. */
export const isWantedLink = (path: string): boolean => isDatabaseFile(path) || wayPoints.has(path);

const foldersOf = (path: string): string[] => {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
};

const wayPoints: ReadonlySet<string> = new Set([
  ...mergeableFolders,
  ...[...releaseFiles, ...databaseExtractors.flatMap((extractor) => extractor.reads)].flatMap(foldersOf),
]);
