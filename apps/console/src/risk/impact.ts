import type { RiskFactor } from '@parapet/contract/api';
import { blindFactor, type Evidence, enumerate, factor } from './formula.ts';
import type { ObservedProcess, PackageUse, Privilege, Workload } from './observation.ts';
import { usersOf } from './use.ts';

export const impactValues = {
  hostTaken: 1,
  hostRoot: 0.9,
  nearlyHost: 0.9,
  capable: 0.75,
  containerRoot: 0.65,
  unknown: 0.6,
  hostUser: 0.55,
  notInUse: 0.5,
  containerUser: 0.45,
} as const;

/** What an attacker who runs code in the package's process could do. */
export const impactOf = (workload: Workload, use?: PackageUse): RiskFactor => {
  const users = use === undefined ? [] : usersOf(use);
  return workload.kind === 'host' ? onHost(workload, users) : inContainer(workload, users);
};

const onHost = (workload: Workload, users: readonly ObservedProcess[]): RiskFactor => {
  const rootUsers = users.filter((process) => process.root);
  if (rootUsers.length > 0) {
    const reason = `${names(rootUsers)} runs as root on the host ${workload.name}`;
    return factor(impactValues.hostRoot, reason, evidenceOf(rootUsers));
  }
  const capable = users.filter((process) => process.capable);
  if (capable.length > 0) {
    const reason = `${names(capable)} holds capabilities beyond an ordinary process`;
    return factor(impactValues.capable, reason, evidenceOf(capable));
  }
  if (users.length > 0) {
    const reason = `${names(users)} runs as an ordinary user on the host ${workload.name}`;
    return factor(impactValues.hostUser, reason, evidenceOf(users));
  }
  if (workload.blind.processes !== undefined) {
    return blindFactor(impactValues.unknown, `Whose processes use it cannot be seen: ${workload.blind.processes}`);
  }
  return factor(impactValues.notInUse, 'No process uses it; it would run with the rights of whoever starts it');
};

const inContainer = (workload: Workload, users: readonly ObservedProcess[]): RiskFactor => {
  const privilege = workload.privilege;
  if (workload.kind === 'image') return factor(impactValues.notInUse, 'Nothing is known to run from it');
  if (privilege === undefined) {
    return blindFactor(impactValues.unknown, 'How this container is confined was not reported');
  }
  const ways = waysToTheHost(privilege);
  const strongest = ways[0];
  if (strongest !== undefined) {
    const reason = `Code in ${workload.name} could take the host: ${enumerate(ways.map((way) => way.words))}`;
    return factor(
      strongest.value,
      reason,
      ways.map((way) => way.evidence),
    );
  }
  const asRoot = users.length > 0 ? users.some((process) => process.root) : isRootUser(privilege.user);
  const confined = `${workload.name} is confined to its container`;
  return asRoot
    ? factor(impactValues.containerRoot, `It runs as root, but ${confined}`, evidenceOf(users))
    : factor(impactValues.containerUser, `It runs as an ordinary user, and ${confined}`, evidenceOf(users));
};

type Way = { readonly value: number; readonly words: string; readonly evidence: Evidence };

const takesHost: ReadonlySet<string> = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'DAC_READ_SEARCH',
  'BPF',
]);
/** Folders of a host whose writer owns it. */
const vital =
  /^\/(?:$|etc|root|boot|usr|bin|sbin|lib|lib64|proc|sys|dev|home|run|var(?:\/(?:run|lib(?:\/(?:docker|kubelet|containerd))?))?)(?:$)/;

/** How the container could be left, the strongest first. */
const waysToTheHost = (privilege: Privilege): readonly Way[] => {
  const ways: Way[] = [];
  const add = (value: number, words: string, kind: 'privilege' | 'mount', text: string): void => {
    ways.push({ value, words, evidence: { kind, text } });
  };
  if (privilege.privileged) add(impactValues.hostTaken, 'it is privileged', 'privilege', 'Started as privileged');
  if (privilege.runtimeSocket) {
    add(impactValues.hostTaken, 'it holds the container runtime’s socket', 'mount', 'The runtime’s socket is mounted');
  }
  for (const mount of privilege.hostMounts) {
    if (!mount.writable || !vital.test(mount.source)) continue;
    add(
      impactValues.hostTaken,
      `it may write the host’s ${mount.source}`,
      'mount',
      `${mount.source} is mounted writable at ${mount.target}`,
    );
  }
  const capabilities = privilege.capabilitiesAdded.filter((name) =>
    takesHost.has(name.replace(/^CAP_/, '').toUpperCase()),
  );
  if (capabilities.length > 0) {
    add(
      impactValues.nearlyHost,
      `it has ${enumerate(capabilities)}`,
      'privilege',
      `Capabilities added: ${enumerate(capabilities, 8)}`,
    );
  }
  if (privilege.hostPid)
    add(impactValues.nearlyHost, 'it sees the host’s processes', 'privilege', 'Shares the host’s process ids');
  if (privilege.hostNetwork)
    add(impactValues.capable, 'it is in the host’s network', 'privilege', 'Shares the host’s network');
  return ways.sort((a, b) => b.value - a.value);
};

const isRootUser = (user: string): boolean => user === '' || /^(?:root|0)(?::|$)/.test(user);

const names = (processes: readonly ObservedProcess[]): string => enumerate(processes.map((process) => process.name));

/** A process that uses several files of a package is one piece of evidence. */
const evidenceOf = (users: readonly ObservedProcess[]): readonly Evidence[] => [
  ...new Map(users.map((user) => [user.key, userEvidence(user)])).values(),
];

const userEvidence = (process: ObservedProcess): Evidence => ({
  kind: 'privilege',
  text: `${process.name} (pid ${process.pid}) runs as ${process.user}${process.capable ? ', with capabilities' : ''}`,
});
