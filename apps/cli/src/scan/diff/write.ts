import { printable } from '../../output/print.ts';
import type { ScanDiff } from './compare.ts';
import { isSame } from './compare.ts';

/** For people: `+` came, `-` went, `~` changed. */
export const writeDiff = (diff: ScanDiff): string => {
  const { packages, findings } = diff;
  const lines = [
    `From ${diff.from} to ${diff.to}`,
    ...packages.added.map(({ type, name, to }) => `+ ${type} ${name} ${to.join(', ')}`),
    ...packages.removed.map(({ type, name, from }) => `- ${type} ${name} ${from.join(', ')}`),
    ...packages.changed.map(({ type, name, from, to }) => `~ ${type} ${name} ${from.join(', ')} -> ${to.join(', ')}`),
    ...(findings?.added.map((one) => `+ ${one.vulnerability} ${one.severity} in ${one.package} ${one.version}`) ?? []),
    ...(findings?.removed.map((one) => `- ${one.vulnerability} ${one.severity} in ${one.package} ${one.version}`) ??
      []),
    ...(findings?.changed.map(({ to, what }) => `~ ${to.vulnerability} in ${to.package}: ${what.join(', ')}`) ?? []),
    ...(isSame(diff) ? ['No difference'] : []),
    ...(findings === undefined
      ? ['Vulnerabilities were not compared: both sides have to be scans that were matched with advisories (-o json).']
      : []),
  ];
  return `${lines.map((line) => printable(line.replace(/[\r\n\t]+/g, ' '))).join('\n')}\n`;
};
