import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { Section } from '../../components/page.tsx';
import { PanelFrame } from '../../components/panel-frame.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import { assetKindNames, isAtRest } from '../../lib/words.ts';
import { AssetActions } from './asset-actions.tsx';
import { AssetFacts } from './asset-facts.tsx';
import { AssetFindings } from './asset-findings.tsx';
import { AssetLine } from './asset-line.tsx';
import styles from './assets.module.css';
import { PeerList } from './peer-list.tsx';

/** One asset in the drill-down panel. */
export const AssetPanel = ({ assetId }: { readonly assetId: string }) => {
  const { data, error, refetch } = useQuery(apiQuery('assets.get', { params: { assetId } }));
  if (data === undefined) {
    return (
      <PanelFrame kind="Asset" title="Asset">
        {error === null ? (
          <Skeleton label="the asset" />
        ) : (
          <Failure what="This asset could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </PanelFrame>
    );
  }
  const kind = assetKindNames[data.kind] ?? 'Asset';
  return (
    <PanelFrame
      kind={data.hostname === undefined || data.kind === 'host' ? kind : `${kind} on ${data.hostname}`}
      title={data.name}
      page={`/assets/${assetId}`}
    >
      <div className={styles.panelLine}>
        <AssetLine asset={data} />
      </div>
      <div className={styles.panelActions}>
        <AssetActions asset={data} />
      </div>
      <Section title="What to do here">
        <AssetFindings asset={data} limit={5} />
      </Section>
      {isAtRest(data.kind) ? null : (
        <Section title="Talks to">
          <PeerList assetId={assetId} />
        </Section>
      )}
      <div className={styles.panelFacts}>
        <AssetFacts asset={data} />
      </div>
      {isAtRest(data.kind) ? null : (
        <AnyLink to={`/assets/${assetId}?tab=processes`} className={buttonClass()}>
          Its processes
        </AnyLink>
      )}
    </PanelFrame>
  );
};
