import type { FindingDetail, Risk } from '@parapet/contract/api';
import { upgradeCommand } from './assess-match.ts';
import type { FindingRow } from './finding-rows.ts';

/** What to do about one finding, as commands for its package manager. */
export const fixOf = (row: FindingRow, why: Risk): FindingDetail['fix'] => {
  if (row.fixed_version === null) return undefined;
  const title = `Upgrade ${row.product} to ${row.fixed_version}`;
  const upgrade = upgradeCommand(row.product_type, [row.product]);
  const refresh = { dpkg: 'apt-get update', apk: 'apk update', rpm: undefined }[row.product_type];
  const commands = upgrade === null ? [] : [...(refresh === undefined ? [] : [refresh]), upgrade];
  return { title, commands, note: noteOf(row, why) };
};

const noteOf = (row: FindingRow, why: Risk): string | undefined => {
  if (row.asset_kind === 'image') {
    return 'Rebuild the image with these commands, or from a newer base image, and start its containers anew.';
  }
  if (row.asset_kind === 'container') {
    return 'This package was added to the running container. Put the fixed version into its image: a container is lost when it is made anew.';
  }
  const processes = why.use.evidence.filter((evidence) => evidence.kind === 'process');
  if (processes.length === 0) return undefined;
  return `Restart what uses it afterwards, it keeps the old version until then: ${processes.map((evidence) => evidence.text).join('; ')}.`;
};
