import type { TrustSigns } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { FlaskConical, History, TriangleAlert, WifiOff } from 'lucide-react';
import { Button } from '../components/button.tsx';
import { apiQuery } from '../lib/api.ts';
import { formatAbsolute, formatMoment } from '../lib/format.ts';
import { useLiveState } from '../lib/live-feed.ts';
import { useNow } from '../lib/now.ts';
import { useMoment } from '../lib/view-state.ts';
import styles from './shell.module.css';

/** What limits the truth of everything on the page: a lost connection, a degraded console, a past moment. */
export const Banners = () => {
  const now = useNow();
  const live = useLiveState();
  const moment = useMoment();
  const { data: trust } = useQuery(apiQuery('trust.get'));
  return (
    <>
      {live.kind === 'reconnecting' ? (
        <div className={styles.banner} role="status">
          <WifiOff size={15} aria-hidden />
          Reconnecting to the console. Showing data of {formatMoment(live.since, now)}.
        </div>
      ) : null}
      {trust === undefined || trust.hosts.simulated === 0 ? null : (
        <div className={styles.banner} data-kind="demo" role="note">
          <FlaskConical size={15} aria-hidden />
          <span>{simulatedWords(trust.hosts)}</span>
        </div>
      )}
      {trust?.degraded === undefined ? null : (
        <div className={styles.banner} data-kind="bad" role="alert">
          <TriangleAlert size={15} aria-hidden />
          {trust.degraded}
        </div>
      )}
      {moment.at === undefined ? null : (
        <div className={styles.banner} role="status">
          <History size={15} aria-hidden />
          <span>Showing {formatAbsolute(moment.at)}. Findings, scans and sensors are shown as they are now.</span>
          <Button small onClick={() => moment.set(undefined)}>
            Back to live
          </Button>
        </div>
      )}
    </>
  );
};

/** Nobody may take an invented host for a real one. */
const simulatedWords = ({ total, simulated }: TrustSigns['hosts']): string =>
  simulated < total
    ? `${simulated} of ${total} hosts here are simulated: nothing on them is real.`
    : 'Demo. All hosts are simulated and advisories named DEMO are invented: nothing here is real.';
