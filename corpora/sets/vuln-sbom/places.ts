import { basename } from 'node:path';

/** Where a case's file lies in a target, so that it is taken for what it is. */
export type Place = {
  readonly path: (file: string) => string;
  /** The file's folder comes along: it asks for its neighbours. */
  readonly hasNeighbours?: boolean;
};

const as = (path: string): Place => ({ path: () => path });
/** Under its own name, whose ending decides. */
const named = (folder: string): Place => ({ path: (file) => `${folder}/${basename(file)}` });
/** Under its own name, with the ending that its kind has. */
const ending = (extension: string): Place => ({
  path: (file) => `/srv/app/${basename(file).replace(new RegExp(`\\.${extension}$`), '')}.${extension}`,
});

/** By the name of the extractor that a case was written for. */
export const places: Readonly<Record<string, Place>> = {
  'os/dpkg': { path: (file) => (file.includes('/opkg/') ? '/usr/lib/opkg/status' : '/var/lib/dpkg/status') },
  'os/apk': as('/lib/apk/db/installed'),
  'os/pacman': as('/var/lib/pacman/local/sample-1.0-1/desc'),
  'os/kernel/module': { path: (file) => `/lib/modules/6.1.0/extra/${basename(file)}.ko` },
  'os/kernel/vmlinuz': as('/boot/vmlinuz-6.1.0'),
  'os/rpm': as('/var/lib/rpm/Packages'),
  'language/javascript/bunlock': as('/srv/app/bun.lock'),
  'language/javascript/denojson': named('/srv/app'),
  'language/javascript/packagejson': as('/srv/app/package.json'),
  'language/javascript/packagelockjson': {
    path: (file) => (file.endsWith('shrinkwrap.json') ? '/srv/app/npm-shrinkwrap.json' : '/srv/app/package-lock.json'),
    hasNeighbours: true,
  },
  'language/javascript/pnpmlock': as('/srv/app/pnpm-lock.yaml'),
  'language/javascript/vsix': ending('vsix'),
  'language/javascript/yarnlock': as('/srv/app/yarn.lock'),
  'language/python/condameta': as('/opt/conda/conda-meta/sample-1.0-0.json'),
  'language/python/pdmlock': as('/srv/app/pdm.lock'),
  'language/python/pipfilelock': as('/srv/app/Pipfile.lock'),
  'language/python/poetrylock': as('/srv/app/poetry.lock'),
  'language/python/pylock': as('/srv/app/pylock.toml'),
  'language/python/pyprojecttoml': as('/srv/app/pyproject.toml'),
  'language/python/requirements': { path: (file) => `/srv/app/requirements-${basename(file)}` },
  'language/python/setup': as('/srv/app/setup.py'),
  'language/python/uvlock': as('/srv/app/uv.lock'),
  'language/python/wheelegg': { path: (file) => pythonPlace(file) },
  'language/java/archive': { path: (file) => `/srv/app/${basename(file)}` },
  'language/java/gradlelockfile': as('/srv/app/gradle.lockfile'),
  'language/java/gradleverificationmetadataxml': as('/srv/app/gradle/verification-metadata.xml'),
  'language/java/gradleversioncatalog': as('/srv/app/gradle/libs.versions.toml'),
  'language/java/pomxml': { ...as('/srv/app/pom.xml'), hasNeighbours: true },
  'language/golang/gomod': as('/srv/app/go.mod'),
  'language/dotnet/csproj': ending('csproj'),
  'language/dotnet/depsjson': as('/srv/app/sample.deps.json'),
  'language/dotnet/dotnetpe': named('/srv/app'),
  'language/dotnet/nugetcpm': as('/srv/app/Directory.Packages.props'),
  'language/dotnet/paketdependencies': as('/srv/app/paket.dependencies'),
  'language/dotnet/paketlock': as('/srv/app/paket.lock'),
  'language/dotnet/projectassetsjson': as('/srv/app/obj/project.assets.json'),
  'language/ruby/gemfilelock': as('/srv/app/Gemfile.lock'),
  'language/ruby/gemspec': { ...ending('gemspec'), hasNeighbours: true },
  'language/php/composerlock': as('/srv/app/composer.lock'),
  'language/rust/cargoauditable': as('/srv/app/program'),
  'language/rust/cargolock': as('/srv/app/Cargo.lock'),
  'language/rust/cargotoml': as('/srv/app/Cargo.toml'),
  'language/cpp/conanlock': as('/srv/app/conan.lock'),
  'language/dart/pubspec': as('/srv/app/pubspec.lock'),
  'language/elixir/mixlock': as('/srv/app/mix.lock'),
  'language/erlang/mixlock': as('/srv/app/mix.lock'),
  'language/gleam/gleamtoml': as('/srv/app/gleam.toml'),
  'language/haskell/cabal': as('/srv/app/cabal.project.freeze'),
  'language/haskell/stacklock': as('/srv/app/stack.yaml.lock'),
  'language/julia/manifesttoml': as('/srv/app/Manifest.toml'),
  'language/julia/projecttoml': as('/srv/app/Project.toml'),
  'language/perl/cpan': { path: (file) => (file.endsWith('.yml') ? '/srv/app/META.yml' : '/srv/app/META.json') },
  'language/r/renvlock': as('/srv/app/renv.lock'),
  'language/swift/packageresolved': as('/srv/app/Package.resolved'),
  'misc/githubactions': as('/srv/app/.github/workflows/sample.yml'),
  'language/swift/podfilelock': as('/srv/app/Podfile.lock'),
};

/** Of a wheel's or an egg's parts, each has a place of its own. */
const pythonPlace = (file: string): string => {
  const name = basename(file);
  if (/\.(?:whl|egg)$/.test(name)) return `/srv/app/${name}`;
  if (name === 'egginfo') return '/usr/lib/python3/dist-packages/sample-1.0.egg-info';
  if (name.startsWith('egginfo')) return '/usr/lib/python3/dist-packages/sample-1.0.egg-info/PKG-INFO';
  return '/usr/lib/python3/dist-packages/sample-1.0.dist-info/METADATA';
};
