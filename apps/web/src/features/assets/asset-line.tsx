import type { AssetDetail } from '@parapet/contract/api';
import { PanelLink } from '../../components/any-link.tsx';
import { AssetIcon, AssetStatusText } from '../../components/asset-mark.tsx';
import { IdText } from '../../components/copy.tsx';
import { RiskScore } from '../../components/risk.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { assetKindNames } from '../../lib/words.ts';
import styles from './assets.module.css';

/** The few facts under an asset's name. */
export const AssetLine = ({ asset }: { readonly asset: AssetDetail }) => (
  <span className={styles.line}>
    {asset.risk === undefined ? null : <RiskScore risk={asset.risk} large />}
    <span className={styles.kind}>
      <AssetIcon kind={asset.kind} size={14} /> {assetKindNames[asset.kind]}
    </span>
    <AssetStatusText asset={asset} />
    {asset.hostId === undefined ? null : (
      <span>
        on{' '}
        <PanelLink target={{ kind: 'asset', id: asset.hostId }} className={text.link}>
          {asset.hostname ?? 'its host'}
        </PanelLink>
      </span>
    )}
    {asset.imageId === undefined ? null : (
      <span>
        image{' '}
        <PanelLink target={{ kind: 'asset', id: asset.imageId }} className={text.link}>
          {asset.imageName ?? 'unknown'}
        </PanelLink>
      </span>
    )}
    {asset.distribution === undefined ? null : <span>{asset.distribution}</span>}
    {asset.silentSince === undefined ? (
      <span>
        {asset.endedAt === undefined ? 'seen ' : 'ended '}
        <Time at={asset.endedAt ?? asset.lastSeenAt} />
      </span>
    ) : null}
    <IdText id={asset.id} />
  </span>
);
