import { readFileSync } from 'node:fs';

export type SelfUsage = { readonly rssBytes: number; readonly anonymousBytes: number; readonly cpuCores: number };

/** Measures this process; the CPU share is the mean since the measurement before. */
export const createSelfUsage = (): (() => SelfUsage) => {
  let lastCpu = process.cpuUsage();
  let lastAt = performance.now();
  return () => {
    const cpu = process.cpuUsage();
    const at = performance.now();
    const usedMs = (cpu.user - lastCpu.user + cpu.system - lastCpu.system) / 1000;
    const cpuCores = at > lastAt ? usedMs / (at - lastAt) : 0;
    lastCpu = cpu;
    lastAt = at;
    return { ...readMemory(), cpuCores: Math.round(cpuCores * 10_000) / 10_000 };
  };
};

const readMemory = (): { rssBytes: number; anonymousBytes: number } => {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    return { rssBytes: kibOf(status, 'VmRSS'), anonymousBytes: kibOf(status, 'RssAnon') };
  } catch {
    return { rssBytes: process.memoryUsage.rss(), anonymousBytes: 0 };
  }
};

/** `RssAnon` exists since Linux 4.5; 0 before. */
const kibOf = (status: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
