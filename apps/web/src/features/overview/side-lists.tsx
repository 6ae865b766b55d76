import type { Overview } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { Since } from '../../components/time.tsx';
import { formatCount, plural } from '../../lib/format.ts';
import { isFirstLook } from '../../lib/overview-query.ts';
import styles from './overview.module.css';

export const NewSince = ({ news }: { readonly news: Overview['newSince'] }) => {
  const facts = [
    {
      count: news.hosts,
      text: plural(news.hosts, 'host'),
      detail: 'began to report',
      to: '/assets?kind=host&sort=newest',
    },
    {
      count: news.containers,
      text: plural(news.containers, 'container'),
      detail: 'started',
      to: '/assets?kind=container&sort=newest',
    },
    {
      count: news.internetFacing,
      text: plural(news.internetFacing, 'workload'),
      detail: news.internetFacing === 1 ? 'now faces the Internet' : 'now face the Internet',
      to: '/assets?exposure=internet&sort=newest',
    },
    {
      count: news.findingsOpened,
      text: plural(news.findingsOpened, 'finding'),
      detail: news.findingsClosed > 0 ? `${formatCount(news.findingsClosed)} closed` : 'opened',
      to: '/findings?by=none&sort=newest',
    },
  ].filter((fact) => fact.count > 0);
  return (
    <div className={styles.facts}>
      {facts.map((fact) => (
        <div key={fact.to} className={styles.fact}>
          <AnyLink to={fact.to}>
            <b>+{fact.text}</b>
          </AnyLink>
          <span>{fact.detail}</span>
        </div>
      ))}
      {facts.length > 0 ? null : news.findingsClosed > 0 ? (
        <p className={styles.muted}>{plural(news.findingsClosed, 'finding')} closed, nothing else changed.</p>
      ) : (
        <p className={styles.muted}>Nothing changed.</p>
      )}
      {isFirstLook() ? null : (
        <p className={styles.muted}>
          <Since at={news.since} />
        </p>
      )}
    </div>
  );
};

type BlindSpotsProps = { readonly blind: Overview['blind']; readonly hosts: number };

export const BlindSpots = ({ blind, hosts }: BlindSpotsProps) => {
  if (hosts === 0) return <p className={styles.muted}>Everywhere: no host has a sensor yet.</p>;
  if (blind.length === 0) {
    return (
      <p className={styles.note}>
        Nowhere. {plural(hosts, 'sensor')} {hosts === 1 ? 'reports' : 'report'}, and no event was lost.
      </p>
    );
  }
  return (
    <div className={styles.facts}>
      {byPlace(blind).map((spots) => (
        <Place key={spots[0].title + spots[0].to} spots={spots} />
      ))}
    </div>
  );
};

type Spot = Overview['blind'][number];
type Spots = readonly [Spot, ...Spot[]];

const Place = ({ spots }: { readonly spots: Spots }) => {
  const [{ title, to }] = spots;
  return (
    <div className={styles.spot}>
      {to === undefined ? (
        <b>{title}</b>
      ) : (
        <AnyLink to={to}>
          <b>{title}</b>
        </AnyLink>
      )}
      {spots.map(({ reason }) => (
        <span key={reason}>{reason}</span>
      ))}
    </div>
  );
};

/** Several reasons at one place stand under its name once. */
const byPlace = (blind: readonly Spot[]): readonly Spots[] => {
  const places = new Map<string, Spots>();
  for (const spot of blind) {
    const place = JSON.stringify([spot.title, spot.to]);
    places.set(place, [...(places.get(place) ?? []), spot] as const);
  }
  return [...places.values()];
};
