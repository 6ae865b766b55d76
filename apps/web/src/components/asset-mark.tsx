import type { AssetSummary } from '@parapet/contract/api';
import { Container, FileUp, Layers, Server } from 'lucide-react';
import { assetKindNames, statusName } from '../lib/words.ts';
import styles from './asset-mark.module.css';
import { Since } from './time.tsx';
import { type Tone, ToneMark } from './tone-mark.tsx';

const icons = { host: Server, container: Container, image: Layers, upload: FileUp } as const;

export const AssetIcon = ({ kind, size = 15 }: { readonly kind: AssetSummary['kind']; readonly size?: number }) => {
  const Icon = icons[kind];
  return <Icon size={size} className={styles.icon} role="img" aria-label={assetKindNames[kind] ?? kind} />;
};

const tones: Readonly<Record<AssetSummary['status'], Tone>> = {
  running: 'ok',
  present: 'ok',
  unknown: 'warn',
  stopped: 'none',
  gone: 'none',
};

type StatusTextProps = { readonly asset: Pick<AssetSummary, 'kind' | 'status' | 'silentSince'> };

/** What is known of it; of what is silent also from when on. */
export const AssetStatusText = ({ asset: { kind, status, silentSince } }: StatusTextProps) => (
  <span className={styles.status}>
    <ToneMark tone={tones[status]} />
    <span>
      {statusName(kind, status)} {silentSince === undefined ? null : <Since at={silentSince} />}
    </span>
  </span>
);
