import type { Clock, Problem, Result } from '@parapet/core';
import { ok } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import { matchAsset } from '../findings/match-asset.ts';
import { writeFindings } from '../findings/write-lock.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { compressSbom, parseSbom } from './parse-sbom.ts';
import { storeSbom } from './store-sbom.ts';

export type ReceivedSbom = {
  readonly status: 'succeeded' | 'partial' | 'failed';
  readonly packages: number;
  readonly findings: number;
  /** What was not read, for people. */
  readonly message: string | undefined;
};

export type SbomReceiver = (input: {
  readonly assetId: string;
  /** Null for one that was uploaded, by `reporterName`. */
  readonly reporterHostId: string | null;
  readonly reporterName?: string | undefined;
  /** JSON, as a sensor or the command line made it. */
  readonly document: Buffer;
}) => Promise<Result<ReceivedSbom, Problem>>;

/**
 * Takes an SBOM in: stored, matched and ranked in one transaction, so that an acknowledged one is never half there. A document
 * that is none is a failure to be told, not thrown: sending it again would not help.
 */
export const createSbomReceiver = (deps: {
  readonly db: Database;
  readonly content: AdvisoryContent;
  readonly live: LiveFeed;
  readonly clock: Clock;
}): SbomReceiver => {
  return async ({ assetId, reporterHostId, reporterName, document }) => {
    const parsed = parseSbom(document);
    if (!parsed.ok) return parsed;
    const sbom = parsed.value;
    const message = sbom.problems[0]?.message;
    if (sbom.status === 'failed') return ok({ status: 'failed', packages: 0, findings: 0, message });
    const compressed = await compressSbom(sbom);
    const at = new Date(deps.clock.now());
    const outcome = await writeFindings(deps.db, async (tx) => {
      const changed = await storeSbom(tx, { assetId, reporterHostId, reporterName, sbom, document: compressed, at });
      const sums = { opened: 0, closed: 0, findings: 0, leftOut: 0 };
      for (const id of changed) {
        const one = await matchAsset(tx, deps.content, id, at);
        sums.opened += one.opened;
        sums.closed += one.closed;
        sums.leftOut += one.leftOut;
        if (id === assetId) sums.findings = one.findings;
      }
      return sums;
    });
    deps.live.publish({ kind: 'findings', opened: outcome.opened, closed: outcome.closed, assetId });
    return ok({
      status: outcome.leftOut > 0 ? 'partial' : sbom.status,
      packages: sbom.packages.length,
      findings: outcome.findings,
      message:
        outcome.leftOut > 0
          ? `${outcome.leftOut} packages were not matched: the others have more vulnerabilities than are kept of one asset.`
          : message,
    });
  };
};
