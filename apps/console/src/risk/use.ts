import type { FindingSummary, RiskFactor } from '@parapet/contract/api';
import { isDeleted, normalisePath, programOf } from './file-path.ts';
import { blindFactor, type Evidence, enumerate, factor } from './formula.ts';
import { filesToldOf, interpretersOf } from './interpreters.ts';
import type { ObservedProcess, PackageUse, Workload } from './observation.ts';

export type UseKind = FindingSummary['use'];
export type Use = { readonly kind: UseKind; readonly factor: RiskFactor };

export const useValues = { running: 1, loaded: 0.95, unknown: 0.5, installed: 0.2, notStarted: 0.1 } as const;

/**
 * Which packages the processes of a workload use, given the owners of the paths seen (normalised) and the packages that
 * interpreters read, by type.
 */
export const usesOf = (
  processes: readonly ObservedProcess[],
  owners: ReadonlyMap<string, readonly number[]>,
  interpreted: ReadonlyMap<string, readonly number[]> = new Map(),
): ReadonlyMap<number, PackageUse> => {
  const uses = new Map<number, Uses>();
  const of = (id: number) => {
    const known = uses.get(id) ?? { running: [], loaded: [], possible: [] };
    uses.set(id, known);
    return known;
  };
  for (const process of processes) {
    const executable = normalisePath(process.executable);
    for (const id of owners.get(executable) ?? []) of(id).running.push(process);
    for (const file of [...process.loadedFiles, ...filesToldOf(process)]) {
      const path = normalisePath(file);
      if (path === executable) continue;
      for (const id of owners.get(path) ?? []) of(id).loaded.push({ process, file: path, deleted: isDeleted(file) });
    }
  }
  for (const [type, ids] of interpreted) {
    const running = interpretersOf(type, processes);
    if (running.length > 0) for (const id of ids) of(id).possible = running;
  }
  return uses;
};

type Uses = {
  readonly running: ObservedProcess[];
  readonly loaded: PackageUse['loaded'][number][];
  possible: readonly ObservedProcess[];
};

/** The processes that use a package; where none was seen to, those that may. */
export const usersOf = ({ running, loaded, possible }: PackageUse): readonly ObservedProcess[] => {
  const seen = [...running, ...loaded.map((entry) => entry.process)];
  return seen.length > 0 ? seen : possible;
};

/** All paths of a workload's processes, as `usesOf` wants their owners. */
export const pathsInUse = (processes: readonly ObservedProcess[]): ReadonlySet<string> =>
  new Set(
    processes.flatMap((process) =>
      [process.executable, ...process.loadedFiles, ...filesToldOf(process)].map(normalisePath),
    ),
  );

/** Whether the vulnerable code is at work. `use` is absent when no process was seen to use the package. */
export const useOf = (workload: Workload, use?: PackageUse): Use => {
  if (use !== undefined && use.running.length > 0) return running(workload, use);
  if (use !== undefined && use.loaded.length > 0) return loaded(workload, use);
  if (use !== undefined && use.possible.length > 0) return possible(workload, use);
  if (workload.kind === 'image') {
    return { kind: 'installed', factor: factor(useValues.notStarted, 'Nothing is known to run from it') };
  }
  if (workload.blind.processes !== undefined) {
    const reason = `Processes cannot be seen here: ${workload.blind.processes}`;
    return { kind: 'unknown', factor: blindFactor(useValues.unknown, reason) };
  }
  if (workload.kind === 'container' && workload.status === 'stopped') {
    return { kind: 'installed', factor: factor(useValues.notStarted, `${workload.name} is stopped`) };
  }
  return {
    kind: 'installed',
    factor: factor(useValues.installed, `Installed on ${workload.name}, but no process was seen to use it`),
  };
};

const replaced = '; the file was replaced since, the old version is still at work until a restart';

const running = (workload: Workload, use: PackageUse): Use => {
  const names = enumerate(use.running.map((process) => process.name));
  const evidence = use.running.map((process) => processEvidence(workload, process, 'runs'));
  const stale = use.running.some((process) => isDeleted(process.executable));
  const reason = `${names} of it ${isSeveral(use.running.map(({ name }) => name)) ? 'run' : 'runs'} on ${workload.name}${stale ? replaced : ''}`;
  return { kind: 'running', factor: factor(useValues.running, reason, evidence) };
};

const loaded = (workload: Workload, use: PackageUse): Use => {
  const names = enumerate(use.loaded.map((entry) => entry.process.name));
  const loadedFiles = use.loaded.map((entry) => programOf(entry.file));
  const files = enumerate(loadedFiles);
  const stale = use.loaded.some((entry) => entry.deleted);
  const reason = `${files} ${isSeveral(loadedFiles) ? 'are' : 'is'} loaded by ${names} on ${workload.name}${stale ? replaced : ''}`;
  const evidence = use.loaded.flatMap((entry): Evidence[] => [
    processEvidence(workload, entry.process, `has ${entry.file} loaded${entry.deleted ? ' (replaced on disk)' : ''}`),
  ]);
  return { kind: 'loaded', factor: factor(useValues.loaded, reason, evidence) };
};

const isSeveral = (names: readonly string[]): boolean => new Set(names).size > 1;

/** An interpreter reads packages as it reads data: that it runs is all that can be seen. */
const possible = (workload: Workload, use: PackageUse): Use => {
  const names = enumerate(use.possible.map((process) => process.name));
  const reason = `${names} runs on ${workload.name}; which packages it has read cannot be seen`;
  const evidence = use.possible.map((process) => processEvidence(workload, process, 'runs packages of this language'));
  return { kind: 'unknown', factor: blindFactor(useValues.unknown, reason, evidence) };
};

const processEvidence = (workload: Workload, process: ObservedProcess, does: string): Evidence => ({
  kind: 'process',
  text: `${process.name} (pid ${process.pid}, user ${process.user}) ${does}`,
  ref: `process:${workload.hostId}|${process.key}`,
});
