import type { SensorCommands, SensorDelivery, SensorPackageState } from '@parapet/contract/api';
import { enrolmentKeyWord } from '@parapet/contract/api';
import { type Clock, fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { buildPackage, type DeliveryBuilder } from './delivery-builder.ts';
import type { Architecture, PackageKind, SensorPackage } from './delivery-job.ts';
import { composeFile, type InstallOptions, installCommand, type ScriptSettings, scriptPath } from './install-script.ts';
import { openPackageStore, type PackageStore } from './package-store.ts';
import { reachableUrls } from './reachable-urls.ts';
import { openScriptStore, type ScriptName, type ScriptStore } from './script-store.ts';

/** The console's sensors for other hosts: made once for each version, then served. */
export type Delivery = {
  readonly packages: PackageStore;
  readonly scripts: ScriptStore;
  /** Makes a package unless the same is there. Several askers wait for the same work. */
  readonly make: (kind: PackageKind, architecture: Architecture) => Promise<Result<SensorPackage, Problem>>;
  /** Those of this version that are ready, one for each processor. */
  readonly ready: (kind: PackageKind) => readonly SensorPackage[];
  /** What is there and how to install it, with `THE-ENROLMENT-KEY` in place of the key. */
  readonly describe: () => Promise<SensorDelivery>;
  /** Begins to make what this machine's kind of host needs, once the console has had time to start. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

export type DeliveryDeps = {
  readonly dir: string;
  /** The built program of this console. */
  readonly programDir: string;
  readonly version: string;
  readonly authorityPin: string;
  readonly consoleUrls: () => readonly string[];
  readonly publicUrls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: WriteGate;
  readonly build?: DeliveryBuilder | undefined;
  readonly warmUpMs?: number | undefined;
};

const kinds = ['archive', 'image'] as const;
const architectures = ['x64', 'arm64'] as const;
/** The first pages and scans of a fresh console come before it. */
const defaultWarmUpMs = 60_000;

export const createDelivery = async (deps: DeliveryDeps): Promise<Delivery> => {
  const packages = await openPackageStore(deps.dir);
  const scripts = await openScriptStore(deps.dir, deps.programDir);
  const build = deps.build ?? buildPackage;
  const stopping = new AbortController();
  const making = new Map<string, Promise<Result<SensorPackage, Problem>>>();
  const failures = new Map<string, Problem>();
  /** What was made or found to be the same by this run of the console; what an earlier one left may be of another version. */
  const current = new Map<string, SensorPackage>();
  let last: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const makeNow = async (kind: PackageKind, architecture: Architecture): Promise<Result<SensorPackage, Problem>> => {
    if (stopping.signal.aborted) return fail(problem('delivery-stopped', 'The console is stopping.'));
    if (!deps.gate.isOpen('folder')) return fail(problem('disk-full', 'The console’s disk is full. Make room first.'));
    const startedAt = deps.clock.now();
    await packages.clearTemporary();
    const known = packages.packages().filter((each) => each.kind === kind && each.architecture === architecture);
    const job = { kind, architecture, version: deps.version, programDir: deps.programDir };
    const folders = { packagesDir: packages.packagesDir, temporaryDir: packages.temporaryDir };
    const outcome = await build({ ...job, ...folders, known: [...known] }, stopping.signal);
    await packages.clearTemporary();
    if (!outcome.ok) return outcome;
    const made = outcome.value.kind === 'made' ? outcome.value.package : await packages.prefer(outcome.value.sha256);
    if (made === undefined) return fail(problem('delivery-worker', 'What was made before is gone. Try again.'));
    if (outcome.value.kind === 'made') await packages.add(made);
    const { sha256, sizeBytes } = made;
    deps.log.info(
      { kind, architecture, sha256, sizeBytes, tookMs: deps.clock.now() - startedAt },
      'sensor package is ready',
    );
    return ok(made);
  };

  const make: Delivery['make'] = (kind, architecture) => {
    const key = `${kind} ${architecture}`;
    const ready = current.get(key);
    if (ready !== undefined) return Promise.resolve(ok(ready));
    const running = making.get(key);
    if (running !== undefined) return running;
    failures.delete(key);
    // One after another: each takes a core for some seconds.
    const work = last
      .then(() => makeNow(kind, architecture))
      .catch((error: unknown) => fail(problem('delivery', messageOf(error))))
      .then((outcome) => {
        making.delete(key);
        if (outcome.ok) current.set(key, outcome.value);
        else {
          failures.set(key, outcome.error);
          deps.log.warn({ kind, architecture, error: outcome.error.message }, 'a sensor package could not be made');
        }
        return outcome;
      });
    last = work;
    making.set(key, work);
    return work;
  };

  const stateOf = (kind: PackageKind, architecture: Architecture): SensorPackageState => {
    const key = `${kind} ${architecture}`;
    const ready = current.get(key);
    if (ready !== undefined) {
      const { sizeBytes, sha256, libc } = ready;
      return { kind, architecture, state: 'ready', sizeBytes, sha256, ...(libc === undefined ? {} : { libc }) };
    }
    const failed = failures.get(key);
    if (making.has(key)) return { kind, architecture, state: 'making' };
    if (failed !== undefined) return { kind, architecture, state: 'failed', problem: failed.message };
    return { kind, architecture, state: 'absent' };
  };

  const readyOf = (kind: PackageKind): readonly SensorPackage[] =>
    architectures.flatMap((architecture) => current.get(`${kind} ${architecture}`) ?? []);

  const settingsFor = (kind: PackageKind): ScriptSettings => ({
    version: deps.version,
    consoleUrls: reachableUrls(deps.consoleUrls(), deps.publicUrls),
    authorityPin: deps.authorityPin,
    packages: readyOf(kind),
  });

  const commandsNow = async (): Promise<SensorCommands> => {
    const [host, docker] = [settingsFor('archive'), settingsFor('image')];
    const one = async (name: ScriptName, settings: ScriptSettings, options: InstallOptions) => {
      const sha256 = await scripts.keep(name, settings);
      return installCommand({ url: `${settings.consoleUrls[0] ?? ''}${scriptPath(sha256)}`, sha256 }, options);
    };
    const keyText = enrolmentKeyWord;
    return {
      ...(host.packages.length === 0 ? {} : { linux: await one('install.sh', host, { keyText }) }),
      ...(docker.packages.length === 0
        ? {}
        : {
            docker: await one('install-docker.sh', docker, { keyText }),
            composeLoad: await one('install-docker.sh', docker, { arguments: '--load' }),
            composeUp: `PARAPET_ENROLMENT_KEY=${keyText} docker compose up -d`,
            composeFile: composeFile(docker),
          }),
    };
  };

  return {
    packages,
    scripts,
    make,
    ready: readyOf,
    describe: async () => ({
      version: deps.version,
      packages: kinds.flatMap((kind) => architectures.map((architecture) => stateOf(kind, architecture))),
      commands: await commandsNow(),
    }),
    start: () => {
      const [own] = architectures.filter((architecture) => architecture === process.arch);
      if (own === undefined) return;
      timer = setTimeout(() => void make('archive', own), deps.warmUpMs ?? defaultWarmUpMs);
      timer.unref();
    },
    stop: async () => {
      clearTimeout(timer);
      stopping.abort();
      await last;
    },
  };
};
