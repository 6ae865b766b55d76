// The one file besides ./parapet that must run on the Node that happens to be installed (20 or newer): it installs what is
// needed, then hands over to the pinned Node, which reads the TypeScript sources itself.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [mode = 'start', ...rest] = process.argv.slice(2);
const entries = {
  start: { file: 'tools/start.ts', needsTestTools: false },
  cli: { file: 'tools/start.ts', needsTestTools: false },
  test: { file: 'tools/test.ts', needsTestTools: true },
  package: { file: 'tools/package.ts', needsTestTools: false },
  bench: { file: 'bench/run.ts', needsTestTools: true },
  corpora: { file: 'corpora/run.ts', needsTestTools: true },
};

const main = () => {
  const entry = entries[mode];
  if (entry === undefined) stop(`There is no mode "${mode}".`);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) stop(`Parapet needs Node 20 or newer to start; this is ${process.version}.`);
  if (process.platform !== 'linux') stop('Parapet runs on Linux.');
  install(entry.needsTestTools);
  const node = pinnedNode();
  const args = mode === 'start' ? ['up', ...rest] : rest;
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, entry.file), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PARAPET_MODE: mode },
  });
  // A terminal sends its signals to the whole group; those sent to this process alone are passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => stop(`The pinned Node could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
};

/** Installs the locked packages unless that was done for this very lock file; starting needs fewer of them than testing. */
const install = (withTestTools) => {
  const stampFile = join(root, 'node_modules', '.parapet-install.json');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const done = existsSync(stampFile) ? readStamp(stampFile) : {};
  if (done.lock === lock && (done.testTools === true || !withTestTools)) return;
  const startedAt = Date.now();
  say(
    `Installing ${withTestTools ? 'program and test tools' : 'the program’s packages'} (once for each version of package-lock.json)`,
  );
  const npm = process.env.npm_execpath;
  const [file, ...prefix] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // Not `npm ci`: it refuses a lock file without the optional packages of platforms that a registry mirror does not carry.
  // With --no-save the locked versions and hashes are installed all the same, and the lock file is never rewritten.
  const args = [
    ...prefix,
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(withTestTools ? [] : ['--omit=dev']),
  ];
  const result = spawnSync(file, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (result.status !== 0) {
    stop(
      `npm install failed. Is the package registry reachable from here?\n${(result.stderr ?? result.error?.message ?? '').slice(-2000)}`,
    );
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ lock, testTools: withTestTools }));
  say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
};

const readStamp = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
};

const pinnedNode = () => {
  const name = `node-linux-${process.arch}`;
  const file = join(root, 'node_modules', name, 'bin', 'node');
  if (existsSync(file)) return file;
  return stop(
    `The package ${name} is missing: this processor (${process.arch}) is not supported, or npm left optional packages out.`,
  );
};

const say = (text) => process.stderr.write(`parapet: ${text}\n`);
const stop = (text) => {
  say(text);
  process.exit(1);
};

main();
