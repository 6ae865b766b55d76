import { semverScheme } from '@parapet/versions';
import type { SoftwareTrust } from '../database/tables/findings.ts';

export type ReportedSbom = {
  readonly id: string;
  readonly contentHash: string;
  readonly receivedAt: Date;
  readonly current: boolean;
  /** Version of the program that made it. */
  readonly scanner: string | null;
};

/** Reports of before scanners told their version are the oldest. */
const scannerOf = ({ scanner }: ReportedSbom): string => scanner ?? '0.0.0-0';

/**
 * Which of several hosts' SBOMs of one image counts: what most of them say; among equals what counted before, then the
 * earliest. One host's word serves with that mark until a second one says the same; when they differ, that is shown. Only
 * the newest scanner is asked: a later one finds more, which is no contradiction.
 */
export const chooseSbom = (
  reports: readonly ReportedSbom[],
): { readonly id: string; readonly contentHash: string; readonly trust: Exclude<SoftwareTrust, 'own'> } | undefined => {
  const newest = reports.map(scannerOf).toSorted(semverScheme.compare).at(-1);
  const comparable = reports.filter((report) => scannerOf(report) === newest);
  const groups = [...Map.groupBy(comparable, (report) => report.contentHash).values()];
  const best = groups
    .map((group) => ({
      group,
      wasCurrent: group.some((report) => report.current),
      first: Math.min(...group.map((report) => report.receivedAt.getTime())),
    }))
    .toSorted(
      (a, b) => b.group.length - a.group.length || Number(b.wasCurrent) - Number(a.wasCurrent) || a.first - b.first,
    )[0];
  const chosen = best?.group.find((report) => report.current) ?? best?.group[0];
  if (best === undefined || chosen === undefined) return undefined;
  const trust = groups.length > 1 ? 'contradicted' : best.group.length > 1 ? 'agreed' : 'single';
  return { id: chosen.id, contentHash: chosen.contentHash, trust };
};
