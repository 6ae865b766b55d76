import { Popover } from '@base-ui/react/popover';
import type { TrustSigns as Signs } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../components/any-link.tsx';
import popover from '../components/popover.module.css';
import { type Tone, ToneMark } from '../components/tone-mark.tsx';
import { apiQuery } from '../lib/api.ts';
import { formatCompact, formatShare, formatSpan } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';
import styles from './top-bar.module.css';

/** How far what is shown can be trusted: age of the feeds, silent hosts, lost events. Folded into one on narrow screens. */
export const TrustSigns = () => {
  const now = useNow();
  const { data } = useQuery({ ...apiQuery('trust.get'), refetchInterval: 60_000 });
  if (data === undefined) return null;
  const signs = signsOf(data, now);
  return (
    <>
      <div className={styles.signs}>
        {signs.map((sign) => (
          <AnyLink key={sign.id} to={sign.to} className={styles.chip}>
            <ToneMark tone={sign.tone} />
            <span>
              {sign.before} <b>{sign.value}</b> {sign.after}
            </span>
          </AnyLink>
        ))}
      </div>
      <FoldedSigns signs={signs} />
    </>
  );
};

type Sign = {
  readonly id: string;
  readonly tone: Tone;
  readonly before: string;
  readonly value: string;
  readonly after: string;
  readonly to: string;
};

export const signsOf = (trust: Signs, now: number): readonly Sign[] => [
  feedSign(trust, now),
  {
    id: 'hosts',
    tone: trust.hosts.silent > 0 ? 'warn' : trust.hosts.total === 0 ? 'none' : 'ok',
    before: '',
    value: String(trust.hosts.silent),
    after: trust.hosts.silent === 1 ? 'host silent' : 'hosts silent',
    to: trust.hosts.silent > 0 ? '/sensors?presence=unknown' : '/sensors',
  },
  lossSign(trust),
  ...diskSigns(trust),
];

const feedSign = ({ feeds }: Signs, now: number): Sign => {
  const base = { id: 'feeds', before: 'Feeds', to: '/settings/feeds' } as const;
  if (feeds.state === 'none') return { ...base, tone: 'warn', value: 'none', after: '' };
  const tone = feeds.state === 'fresh' ? 'ok' : 'warn';
  if (feeds.dataAt === undefined) return { ...base, tone, value: feeds.state, after: '' };
  return { ...base, tone, value: formatSpan(Math.max(0, now - Date.parse(feeds.dataAt))), after: 'old' };
};

/** What was counted as lost; when nothing was, where it could not be counted. */
const lossSign = ({ lostEvents, lostRecords, blindHosts }: Signs): Sign => {
  const base = { id: 'losses', before: '', to: '/settings/console' } as const;
  if (lostEvents + lostRecords === 0 && blindHosts > 0) {
    return {
      ...base,
      tone: 'warn',
      value: formatCompact(blindHosts),
      after: blindHosts === 1 ? 'host blind' : 'hosts blind',
    };
  }
  const records = `${lostRecords === 1 ? 'record' : 'records'} lost`;
  if (lostEvents === 0 && lostRecords > 0)
    return { ...base, tone: 'bad', value: formatCompact(lostRecords), after: records };
  const events = lostEvents === 1 ? 'event' : 'events';
  const after = lostRecords === 0 ? `${events} lost` : `${events}, ${formatCompact(lostRecords)} ${records}`;
  return { ...base, tone: lostEvents > 0 ? 'bad' : 'ok', value: formatCompact(lostEvents), after };
};

/** Only when it has something to say: a disk with room needs no place up here. */
const diskSigns = ({ disk }: Signs): readonly Sign[] =>
  disk.state === 'ok'
    ? []
    : [
        {
          id: 'disk',
          tone: disk.state === 'full' ? 'bad' : 'warn',
          before: 'Disk',
          value: formatShare(disk.usedShare),
          after: 'full',
          to: '/settings/retention',
        },
      ];

const FoldedSigns = ({ signs }: { readonly signs: readonly Sign[] }) => {
  const worst: Tone = signs.some((sign) => sign.tone === 'bad')
    ? 'bad'
    : signs.some((sign) => sign.tone === 'warn')
      ? 'warn'
      : 'ok';
  return (
    <Popover.Root>
      <Popover.Trigger className={`${styles.chip} ${styles.folded}`} aria-label="How far this can be trusted">
        <ToneMark tone={worst} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={8} align="end" className={popover.positioner}>
          <Popover.Popup className={popover.popup}>
            <Popover.Title className={popover.title}>How far this can be trusted</Popover.Title>
            <ul>
              {signs.map((sign) => (
                <li key={sign.id}>
                  <Popover.Close nativeButton={false} render={<AnyLink to={sign.to} className={popover.item} />}>
                    <ToneMark tone={sign.tone} />
                    {sign.before} {sign.value} {sign.after}
                  </Popover.Close>
                </li>
              ))}
            </ul>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
};
