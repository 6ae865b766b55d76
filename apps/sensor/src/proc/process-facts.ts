import type { ProbedProcess } from '@parapet/kernel';
import { readStat } from './process-files.ts';
import { readSmall } from './read-small.ts';

/**
 * A running process as the kernel would tell it, from /proc: for those that began before we looked. Its namespaces are left out.
 */
export const readProcessFacts = (procPath: string, pid: number): ProbedProcess | undefined => {
  const stat = readStat(procPath, pid);
  const status = readSmall(`${procPath}/${pid}/status`)?.text;
  if (stat === undefined || status === undefined) return undefined;
  const number = (name: string, word: number): number =>
    Number(new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/)[word] ?? 0);
  return {
    pid,
    startNs: startOf(stat.startTicks),
    parentPid: stat.parentPid,
    parentStartNs: startOf(readStat(procPath, stat.parentPid)?.startTicks ?? 0),
    uid: number('Uid', 0),
    effectiveUid: number('Uid', 1),
    gid: number('Gid', 0),
    loginUid: readId(`${procPath}/${pid}/loginuid`),
    sessionId: readId(`${procPath}/${pid}/sessionid`),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? '0'}`),
    ...{ netNamespace: 0, mountNamespace: 0, pidNamespace: 0 },
    comm: stat.name,
    cgroups: deepestCgroups(readSmall(`${procPath}/${pid}/cgroup`)?.text ?? ''),
  };
};

/** USER_HZ is 100 on all processors that we run on (time(7)). */
const nsPerTick = 10_000_000n;
const startOf = (ticks: number): bigint => BigInt(ticks) * nsPerTick;

/** What the kernel says where nobody signed in. */
const unset = 0xffff_ffff;

const readId = (path: string): number | undefined => {
  const text = readSmall(path, 32)?.text.trim() ?? '';
  const id = /^\d+$/.test(text) ? Number(text) : unset;
  return id === unset ? undefined : id;
};

/** Innermost first, of the hierarchy that tells most of containers: of version 1 not every one is used. */
const deepestCgroups = (text: string): readonly string[] => {
  let best: readonly string[] = [];
  for (const line of text.split('\n', 64)) {
    const names = line.split(':', 3)[2] === undefined ? [] : line.slice(line.indexOf('/')).split('/');
    const found = names.filter((name) => name !== '');
    if (found.length > best.length) best = found.reverse();
  }
  return best;
};
