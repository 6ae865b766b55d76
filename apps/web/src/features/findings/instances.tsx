import type { FindingDetail } from '@parapet/contract/api';
import { PanelLink } from '../../components/any-link.tsx';
import { barsOf, RiskScore } from '../../components/risk.tsx';
import { plural } from '../../lib/format.ts';
import { statusName } from '../../lib/words.ts';
import styles from './finding.module.css';

/** Each place where it runs, with its own exposure, use and impact. */
export const Instances = ({ finding }: { readonly finding: FindingDetail }) => {
  const { instanceList, instances, asset } = finding;
  if (instanceList.length === 0) {
    return <p className={styles.muted}>{nowhereWords(asset)}</p>;
  }
  return (
    <>
      <table className={styles.instances}>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Status</th>
            <th scope="col">Risk</th>
          </tr>
        </thead>
        <tbody>
          {instanceList.map((instance) => (
            <tr key={instance.assetId}>
              <td>
                <PanelLink target={{ kind: 'asset', id: instance.assetId }} className={styles.link}>
                  {instance.name}
                </PanelLink>
                {instance.hostname === undefined ? null : <span className={styles.muted}> on {instance.hostname}</span>}
              </td>
              <td className={styles.muted}>{statusName(instance.kind, instance.status)}</td>
              <td>
                <RiskScore risk={instance.risk.value} bars={barsOf(instance.risk)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {instances > instanceList.length ? (
        <p className={styles.muted}>and {plural(instances - instanceList.length, 'more instance')} of lower risk</p>
      ) : null}
    </>
  );
};

const nowhereWords = ({ kind, name }: FindingDetail['asset']): string => {
  switch (kind) {
    case 'image':
      return 'No container runs this image now.';
    case 'upload':
      return 'It was scanned elsewhere and uploaded; no sensor knows where it runs.';
    case 'host':
    case 'container':
      return `It lies on ${name} itself.`;
  }
};
