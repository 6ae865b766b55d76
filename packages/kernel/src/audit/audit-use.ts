import { readFileSync } from 'node:fs';
import { auditProtocol, enabledStates, failureModes, readLogGroup } from './numbers.ts';
import type { AuditStatus } from './status.ts';

/** Who uses the kernel's audit, of which a host has one. */
export type AuditUse = {
  readonly status: AuditStatus;
  /** What runs under `status.pid` now; `undefined` when nothing else does: a daemon that was killed stays named there. */
  readonly daemon: string | undefined;
  readonly rules: number;
  /** Sockets that read along, as journald may. */
  readonly readers: number;
};

/** `unused`: only where nobody uses audit. `shared`: also where it is on already, or somebody reads along, who will be told each start. */
export type AuditSharing = 'unused' | 'shared';

/** Why it is not to be touched, as a sentence; `undefined` when it may be. What others set up is never taken from them. */
export const whyNotToTake = (use: AuditUse, sharing: AuditSharing): string | undefined => {
  const { status, daemon, rules, readers } = use;
  if (status.pid !== 0 && daemon !== undefined)
    return `The kernel’s audit records go to ${daemon} (process ${status.pid}) already, and it sends them to one program only.`;
  if (status.enabled === enabledStates.locked) return 'The kernel’s audit is locked until the next boot.';
  if (status.failure === failureModes.panic) return 'The kernel is set to panic when an audit record is lost.';
  if (rules > 0) return `The kernel’s audit has ${rules} rules of somebody else.`;
  if (sharing === 'shared') return undefined;
  if (status.enabled !== enabledStates.off) return 'Somebody else switched the kernel’s audit on.';
  return readers === 0
    ? undefined
    : 'Another program reads audit records along (journald does so on many systems) and would store some for each start.';
};

/** Of `/proc/net/netlink`: a line for each socket with its protocol in the second and its groups as a mask in the fourth column. */
export const countReaders = (table: string): number =>
  table
    .split('\n', maxLines)
    .map((line) => line.trim().split(/\s+/, 4))
    .filter(([, protocol, , groups]) => protocol === String(auditProtocol) && isReader(groups ?? '')).length;

/** The kernel hands records along in the first network namespace only. */
export const readReaders = (procPath: string): number => {
  try {
    return countReaders(readFileSync(`${procPath}/1/net/netlink`, 'latin1'));
  } catch {
    // Somebody may read along then; nobody can say.
    return 0;
  }
};

const maxLines = 65_536;
const isReader = (groups: string): boolean =>
  /^[0-9a-f]{1,16}$/i.test(groups) && (BigInt(`0x${groups}`) & BigInt(1 << (readLogGroup - 1))) !== 0n;

/** What runs under the pid that records are sent to and is not this process, which may be what another sensor became. */
export const readDaemon = (procPath: string, { pid }: AuditStatus): string | undefined =>
  pid === 0 || pid === process.pid ? undefined : readName(procPath, pid);

/** The name of what runs under a pid. */
export const readName = (procPath: string, pid: number): string | undefined => {
  try {
    return readFileSync(`${procPath}/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
};
