import { readFileSync } from 'node:fs';

/** CPUs that run now; one may come and go (CPU hotplug). */
export const onlineCpus = (): readonly number[] => parseCpus(readFileSync('/sys/devices/system/cpu/online', 'latin1'));

export const firstOnlineCpu = (): number => onlineCpus()[0] ?? 0;

/** CPUs that may ever be there, e.g. `0-1`: the kernel keeps a value for each in maps by CPU. */
export const possibleCpus = (): number =>
  (parseCpus(readFileSync('/sys/devices/system/cpu/possible', 'latin1')).at(-1) ?? 0) + 1;

/** A list such as `0-3,8`. No machine has more than 8,192 (NR_CPUS). */
export const parseCpus = (text: string): readonly number[] => {
  const cpus: number[] = [];
  for (const range of text.trim().split(',')) {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    if (Number.isInteger(first) && Number.isInteger(last))
      for (let cpu = first; cpu <= last && cpu < maxCpus; cpu += 1) cpus.push(cpu);
  }
  return cpus;
};

const maxCpus = 8192;
