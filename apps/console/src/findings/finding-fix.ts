import { fixFor } from '@parapet/advisories';
import type { FindingDetail, Risk } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import type { FindingRow } from './finding-rows.ts';

/** What to do about one finding, as commands for its distribution; on a host also what to start anew afterwards. */
export const fixOf = (row: FindingRow, why: Risk, distribution: Distribution | null): FindingDetail['fix'] => {
  if (row.fixed_version === null) return undefined;
  const fix = fixFor({
    distribution: distribution ?? undefined,
    package: {
      type: row.product_type,
      name: row.product,
      evidence: row.evidence ?? undefined,
      scope: row.package_scope ?? undefined,
    },
    fixedVersion: row.fixed_version,
    // What was scanned elsewhere is mended where it is built, as an image is.
    kind: row.asset_kind === 'upload' ? 'image' : row.asset_kind,
  });
  const processes = why.use.evidence.filter((evidence) => evidence.kind === 'process').map((evidence) => evidence.text);
  const restart = row.asset_kind === 'host' && processes.length > 0 ? ` Now: ${processes.join('; ')}.` : '';
  const note = `${fix.note ?? ''}${restart}`;
  return { title: fix.title, commands: [...fix.commands], note: note === '' ? undefined : note };
};
