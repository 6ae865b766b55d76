import type { ResultOf, SensorUpgrade, UpgradeRollout } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button } from '../../components/button.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { useMay } from '../../lib/session.ts';
import styles from './sensors.module.css';
import { upgradeText, upgradeTones } from './upgrade-words.ts';

type Upgrades = ResultOf<'sensorUpgrades.list'>;

/** Rollouts are told here for a day after their end. */
const shownForMs = 86_400_000;

export const useUpgrades = () =>
  useQuery({
    ...apiQuery('sensorUpgrades.list', undefined),
    refetchInterval: (query) => (query.state.data?.rollouts.some(({ state }) => state === 'running') ? 3000 : 60_000),
  });

/** What could be upgraded, and how the latest rollout fares; nothing where there is nothing to say. */
export const UpgradePanel = () => {
  const { data } = useUpgrades();
  const now = useNow();
  if (data === undefined) return null;
  const [latest] = data.rollouts;
  const isShown =
    latest !== undefined && (latest.state === 'running' || now - Date.parse(latest.endedAt ?? '') < shownForMs);
  if (!isShown && data.upgradable.length === 0) return null;
  return (
    <section className={styles.upgrades} aria-label="Upgrades of sensors">
      <Outdated upgrades={data} />
      {isShown ? <Rollout rollout={latest} /> : null}
    </section>
  );
};

const Outdated = ({ upgrades }: { readonly upgrades: Upgrades }) => {
  const [asking, setAsking] = useState(false);
  const mayWrite = useMay('sensors:write');
  const count = upgrades.upgradable.length;
  if (count === 0) return null;
  return (
    <div className={styles.upgradeLine}>
      <span>
        <ToneMark tone="warn" /> {plural(count, 'sensor')} {count === 1 ? 'is' : 'are'} older than this console (
        {upgrades.release.version}).
      </span>
      {upgrades.release.problem === undefined ? null : <span className={text.muted}>{upgrades.release.problem}</span>}
      {mayWrite && upgrades.release.problem === undefined ? (
        <Button onClick={() => setAsking(true)}>Upgrade {count === 1 ? 'it' : 'them'}…</Button>
      ) : null}
      <UpgradeDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Upgrade ${plural(count, 'sensor')} to ${upgrades.release.version}`}
        body={{ outdated: true }}
      />
    </div>
  );
};

type UpgradeBody = { readonly outdated: true } | { readonly hostIds: string[] };

/** Says what will happen, then asks for it. */
export const UpgradeDialog = (props: {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly body: UpgradeBody;
}) => {
  const client = useQueryClient();
  const notify = useNotify();
  const create = useApiMutation('sensorUpgrades.create', async ({ rollout, skipped }) => {
    props.onOpenChange(false);
    const [first] = skipped;
    if (rollout === undefined) notify.failed('Nothing was upgraded', new Error(first?.reason ?? 'All are up to date.'));
    else notify.done(`The upgrade of ${plural(rollout.upgrades.length, 'sensor')} has begun`);
    await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('sensor') });
  });
  return (
    <Modal
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      description="One host goes first, then five at a time; the first that fails stops the rest. On each host the new version is fetched over the sensor’s own connection, checked, and run beside the old one, which is replaced only after the new one has connected. For some seconds nothing is seen on that host, and that is marked."
    >
      <InlineError error={create.error} />
      <ModalActions>
        <Button onClick={() => props.onOpenChange(false)}>Cancel</Button>
        <Button look="primary" disabled={create.isPending} onClick={() => create.mutate({ body: props.body })}>
          Upgrade
        </Button>
      </ModalActions>
    </Modal>
  );
};

const Rollout = ({ rollout }: { readonly rollout: UpgradeRollout }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const mayWrite = useMay('sensors:write');
  const stop = useApiMutation('sensorUpgrades.stop', () =>
    client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('sensorUpgrades') }),
  );
  return (
    <details open={rollout.state !== 'done'}>
      <summary className={styles.upgradeLine} aria-live="polite">
        <span>
          {headlineOf(rollout)}{' '}
          <span className={text.muted}>
            asked for by {rollout.requestedBy} <Time at={rollout.createdAt} />
          </span>
        </span>
      </summary>
      {rollout.state === 'running' && mayWrite ? (
        <Button
          disabled={stop.isPending}
          onClick={() =>
            stop.mutate(
              { params: { rolloutId: rollout.id } },
              { onError: (error) => notify.failed('It was not stopped', error) },
            )
          }
        >
          Begin no more
        </Button>
      ) : null}
      <SimpleTable
        label="Upgrades"
        columns={columns}
        rows={rollout.upgrades.slice(0, shownRows)}
        rowKey={({ id }) => id}
      />
      {rollout.upgrades.length > shownRows ? (
        <p className={text.muted}>And {(rollout.upgrades.length - shownRows).toLocaleString('en')} more.</p>
      ) : null}
    </details>
  );
};

const shownRows = 100;

const columns = [
  {
    id: 'host',
    header: 'Host',
    cell: (upgrade: SensorUpgrade) => <AnyLink to={`/sensors/${upgrade.hostId}`}>{upgrade.hostname}</AnyLink>,
  },
  {
    id: 'versions',
    header: 'Version',
    wideOnly: true,
    cell: (upgrade: SensorUpgrade) => `${upgrade.fromVersion} → ${upgrade.toVersion}`,
  },
  {
    id: 'state',
    header: 'State',
    cell: (upgrade: SensorUpgrade) => (
      <span className={styles.presence}>
        <ToneMark tone={upgradeTones[upgrade.state]} />
        <span>{upgradeText(upgrade)}</span>
      </span>
    ),
  },
  {
    id: 'ended',
    header: 'Ended',
    wideOnly: true,
    align: 'end' as const,
    cell: (upgrade: SensorUpgrade) =>
      upgrade.endedAt === undefined ? '' : <Time at={upgrade.endedAt} className={text.muted} />,
  },
];

const headlineOf = ({ state, message, upgrades }: UpgradeRollout): string => {
  const done = upgrades.filter((upgrade) => upgrade.state === 'done').length;
  const count = `${done} of ${upgrades.length} upgraded`;
  switch (state) {
    case 'running':
      return `Upgrading: ${count},`;
    case 'done':
      return `Upgrade ended: ${count},`;
    case 'stopped':
      return `Upgrade stopped: ${count}. ${message ?? ''}`.trim();
  }
};
