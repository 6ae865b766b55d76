import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { toAsciiText } from './ascii-text.ts';
import { copyDelivery, writeLicences } from './build-delivery.ts';

export const root = dirname(import.meta.dirname);
const out = join(root, 'build');

/** What becomes a program of its own. */
const programs = {
  console: 'apps/console/src/main.ts',
  'feed-worker': 'apps/console/src/feeds/feed-worker.ts',
  'telemetry-worker': 'apps/console/src/telemetry/telemetry-worker.ts',
  maintenance: 'apps/console/src/maintenance/main.ts',
  'delivery-worker': 'apps/console/src/delivery/delivery-worker.ts',
  sensor: 'apps/sensor/src/main.ts',
  fleet: 'apps/sensor/src/fleet/main.ts',
  cli: 'apps/cli/src/main.ts',
};

/** Packages with native files: they stay outside the bundles and lie beside them in `build/node_modules`. */
const nativePackages = ['koffi', '@node-rs/argon2', '@duckdb/node-bindings'];

/** The parts of the build and the sources each is made of; a part is made again when one of these changed. */
const parts = [
  {
    name: 'programs',
    sources: [
      ...['apps/console', 'apps/sensor', 'apps/cli', 'packages', 'deploy/sensor'],
      ...['tools/build.ts', 'tools/build-delivery.ts', 'tools/ascii-text.ts', 'package-lock.json'],
    ],
    make: () => buildPrograms(),
  },
  {
    name: 'web',
    sources: ['apps/web', 'packages/contract', 'tools/build.ts', 'package-lock.json'],
    make: () => buildWeb(),
  },
] as const;

/** Makes `build/` fit the sources. Skips each part that already does. */
export const ensureBuilt = async (say: (text: string) => void): Promise<void> => {
  await mkdir(out, { recursive: true });
  for (const part of parts) {
    const stampFile = join(out, `.${part.name}-stamp`);
    const fingerprint = await fingerprintOf(part.sources);
    if ((await readFile(stampFile, 'utf8').catch(() => '')) === fingerprint) continue;
    const startedAt = performance.now();
    say(`Building ${part.name}`);
    await rm(stampFile, { force: true });
    await part.make();
    await writeFile(stampFile, fingerprint);
    say(`Built ${part.name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
};

const buildPrograms = async (): Promise<void> => {
  const { rolldown } = await import('rolldown');
  const written = new Set<string>();
  for (const [name, input] of Object.entries(programs)) {
    const bundle = await rolldown({
      input: { [name]: join(root, input) },
      platform: 'node',
      // Its main entry looks its parts up at run time, where a bundle has none.
      resolve: { alias: { 'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js') } },
      external: (id) =>
        id.startsWith('node:') ||
        nativePackages.some((native) => id === native || id.startsWith(`${native}/`)) ||
        optionalImports.has(id),
      treeshake: true,
      logLevel: 'silent',
    });
    const { output } = await bundle.write({
      dir: out,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: `${name}-[name]-[hash].js`,
      sourcemap: false,
      // Some dependencies are CommonJS and call require at run time.
      banner:
        "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    });
    await bundle.close();
    for (const part of output) {
      written.add(part.fileName);
      if (part.type === 'chunk') await writeFile(join(out, part.fileName), toAsciiText(part.code));
    }
    const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    if (name === 'sensor') await writeLicences(root, out, modules);
  }
  // Parts of the build before have other names; they would go into every sensor's archive.
  for (const name of await readdir(out)) {
    if (name.endsWith('.js') && !written.has(name)) await rm(join(out, name));
  }
  await copyDelivery(root, out);
  await writeFile(join(out, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  for (const native of nativePackages) await copyNative(native);
};

/** Imports that libraries guard with try/catch and we do not ship. */
const optionalImports = new Set(['pg-native', 'bufferutil', 'utf-8-validate', 'pino-pretty']);

const copyNative = async (name: string): Promise<void> => {
  const modules = join(root, 'node_modules');
  const wanted = [name, ...(await packagesBeside(name))];
  for (const packageName of wanted) {
    const target = join(out, 'node_modules', packageName);
    await rm(target, { recursive: true, force: true });
    await cp(join(modules, packageName), target, {
      recursive: true,
      dereference: true,
      filter: (source) =>
        !/\/(doc|docs|vendor|lib\/native|\.github)(\/|$)/.test(`/${relative(join(modules, packageName), source)}`),
    });
  }
};

/** What a package needs, and the installed packages that carry its native file for this machine. */
const packagesBeside = async (name: string): Promise<string[]> => {
  const require = createRequire(join(root, 'package.json'));
  const manifest = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  };
  const needed = Object.keys(manifest.dependencies ?? {});
  const forSome = Object.keys(manifest.optionalDependencies ?? {}).filter((optional) => {
    try {
      require.resolve(`${optional}/package.json`);
      return true;
    } catch {
      return false;
    }
  });
  return [...needed, ...forSome];
};

const buildWeb = async (): Promise<void> => {
  const { build } = await import('vite');
  const fresh = join(out, 'web.new');
  await build({
    root: join(root, 'apps/web'),
    configFile: join(root, 'apps/web/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: fresh, emptyOutDir: true },
  });
  await rm(join(out, 'web'), { recursive: true, force: true });
  await rename(fresh, join(out, 'web'));
};

/** A hash over the paths, sizes and times of the sources, tests left out. */
const fingerprintOf = async (sources: readonly string[]): Promise<string> => {
  const hash = createHash('sha256').update(process.version);
  const visit = async (path: string): Promise<void> => {
    const info = await stat(path);
    if (!info.isDirectory()) {
      if (!/\.test\.tsx?$/.test(path)) hash.update(`${path}\0${info.size}\0${Math.trunc(info.mtimeMs)}\n`);
      return;
    }
    for (const name of (await readdir(path)).sort()) {
      if (name !== 'node_modules' && name !== 'fixtures' && !name.startsWith('.')) await visit(join(path, name));
    }
  };
  for (const source of sources) await visit(join(root, source));
  return hash.digest('hex');
};

if (process.argv[1] === import.meta.filename) await ensureBuilt((text) => console.log(text));
