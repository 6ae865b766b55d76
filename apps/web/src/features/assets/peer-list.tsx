import type { EdgeItem } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { steadyQuery } from '../../lib/api.ts';
import { formatCompact } from '../../lib/format.ts';
import { momentQuery, useMoment } from '../../lib/view-state.ts';
import styles from './assets.module.css';

const shown = 8;

/** The busiest peers of an asset, for the panel. */
export const PeerList = ({ assetId }: { readonly assetId: string }) => {
  const moment = useMoment();
  const { data, error } = useQuery(steadyQuery('assets.edges', { params: { assetId }, query: momentQuery(moment) }));
  if (error !== null && data === undefined)
    return <Failure what="The connections could not be fetched" error={error} />;
  if (data === undefined) return <Skeleton label="connections" lines={3} />;
  if (data.items.length === 0) return <p className={text.muted}>Nobody that we saw.</p>;
  const busiest = data.items.toSorted((a, b) => b.connections - a.connections);
  return (
    <>
      <ul>
        {busiest.slice(0, shown).map((edge) => (
          <Peer key={edge.id} edge={edge} outgoing={edge.source.id === assetId} />
        ))}
      </ul>
      {busiest.length > shown ? (
        <AnyLink to={`/assets/${assetId}?tab=edges`} className={text.link}>
          and {busiest.length - shown} more
        </AnyLink>
      ) : null}
    </>
  );
};

const Peer = ({ edge, outgoing }: { readonly edge: EdgeItem; readonly outgoing: boolean }) => {
  const peer = outgoing ? edge.target : edge.source;
  return (
    <li className={styles.peer}>
      <span>
        <span className={text.muted}>{outgoing ? 'to ' : 'from '}</span>
        {peer.id !== undefined && (peer.kind === 'host' || peer.kind === 'container') ? (
          <PanelLink target={{ kind: 'asset', id: peer.id }} className={text.name}>
            {peer.name}
          </PanelLink>
        ) : (
          <span className={text.strong}>{peer.name}</span>
        )}
      </span>
      <span className={text.muted}>
        {edge.protocol} {edge.port} · {formatCompact(edge.connections)}
      </span>
    </li>
  );
};
