import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { Bug, Crosshair, Gauge, Package, Radar, Radio, ScanSearch, Settings, Waypoints } from 'lucide-react';
import { useEffect } from 'react';
import { apiQuery } from '../lib/api.ts';
import { formatCompact } from '../lib/format.ts';
import { overviewQuery } from '../lib/overview-query.ts';
import { sessionQuery } from '../lib/session.ts';
import { pages } from './pages.ts';
import styles from './rail.module.css';

type RailProps = { readonly open: boolean; readonly onClose: () => void };

/** The left rail; a drawer on narrow screens. */
export const Rail = ({ open, onClose }: RailProps) => {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chosen page closes the drawer
  useEffect(onClose, [pathname]);
  return (
    <>
      <nav className={styles.rail} aria-label="Pages">
        <RailLinks />
      </nav>
      <Dialog.Root open={open} onOpenChange={(next) => next || onClose()}>
        <Dialog.Portal>
          <Dialog.Backdrop className={styles.backdrop} />
          <Dialog.Popup className={`${styles.rail} ${styles.drawer}`} aria-label="Pages">
            <nav aria-label="Pages">
              <RailLinks />
            </nav>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </>
  );
};

const icons = {
  '/': Gauge,
  '/map': Waypoints,
  '/findings': Bug,
  '/hunt': Crosshair,
  '/assets': Radar,
  '/packages': Package,
  '/scans': ScanSearch,
  '/sensors': Radio,
  '/settings': Settings,
} as const;

const RailLinks = () => {
  const counts = useCounts();
  const { data: session } = useQuery(sessionQuery());
  const shown = pages.filter((page) => !('needs' in page) || session?.permissions.includes(page.needs) === true);
  return shown.map(({ to, label }) => {
    const Icon = icons[to];
    const count = counts[to];
    return (
      <div key={to}>
        {to === '/settings' ? <hr className={styles.rule} /> : null}
        <Link to={to} className={styles.link} activeOptions={{ exact: to === '/', includeSearch: false }} title={label}>
          <Icon size={16} aria-hidden />
          <span className={styles.label}>{label}</span>
          {count === undefined ? null : <span className={styles.count}>{formatCompact(count)}</span>}
        </Link>
      </div>
    );
  });
};

const useCounts = (): Readonly<Partial<Record<string, number>>> => {
  const { data: overview } = useQuery(overviewQuery());
  const { data: trust } = useQuery(apiQuery('trust.get'));
  if (overview === undefined) return {};
  const { hosts, containers, images, uploads, openFindings } = overview.counts;
  return {
    '/findings': openFindings,
    '/assets': hosts + containers + images + uploads,
    ...(trust === undefined ? {} : { '/sensors': trust.hosts.total }),
  };
};
