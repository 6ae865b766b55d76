import type { EnrolmentKey } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import styles from './settings.module.css';

/** The keys with which hosts enrol. Their secrets are not kept. */
export const KeysPage = () => {
  const { data, error, refetch } = useQuery(apiQuery('enrolmentKeys.list'));
  const usable = data?.items.filter((key) => key.state === 'usable').length ?? 0;
  return (
    <Page
      name="Enrolment keys"
      title={data === undefined ? 'Enrolment keys' : `${plural(usable, 'usable enrolment key')}`}
      subline="A key can do nothing but enrol hosts. Revoking one leaves the hosts that used it as they are."
      tools={
        <AnyLink to="/sensors/add" className={buttonClass('primary')}>
          Add a host
        </AnyLink>
      }
    >
      {error !== null && data === undefined ? (
        <Failure what="The keys could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="keys" />
      ) : data.items.length === 0 ? (
        <Empty title="No keys">Adding a host makes one.</Empty>
      ) : (
        <SimpleTable label="Enrolment keys" columns={columns} rows={data.items} rowKey={({ id }) => id} />
      )}
    </Page>
  );
};

const tones: Readonly<Record<EnrolmentKey['state'], Tone>> = {
  usable: 'ok',
  expired: 'none',
  'used-up': 'none',
  revoked: 'none',
};

const columns = [
  {
    id: 'name',
    header: 'Name',
    cell: (key: EnrolmentKey) => (
      <>
        <span className={text.name}>{key.name}</span>
        <div className={text.minor}>
          by {key.createdBy}, <Time at={key.createdAt} />
        </div>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    cell: (key: EnrolmentKey) => (
      <span className={styles.state}>
        <ToneMark tone={tones[key.state]} /> {key.state === 'used-up' ? 'used up' : key.state}
      </span>
    ),
  },
  {
    id: 'uses',
    header: 'Used by',
    cell: (key: EnrolmentKey) => `${plural(key.uses, 'host')}${key.maxUses === undefined ? '' : ` of ${key.maxUses}`}`,
  },
  {
    id: 'zone',
    header: 'Zone and labels',
    wideOnly: true,
    cell: (key: EnrolmentKey) => (
      <>
        {key.zone}
        <div className={text.minor}>
          {Object.entries(key.labels)
            .map(([name, value]) => `${name}=${value}`)
            .join(', ')}
        </div>
      </>
    ),
  },
  {
    id: 'expires',
    header: 'Good until',
    wideOnly: true,
    cell: (key: EnrolmentKey) => <Time at={key.revokedAt ?? key.expiresAt} className={text.muted} />,
  },
  {
    id: 'revoke',
    header: 'Revoke',
    hiddenHeader: true,
    align: 'end' as const,
    cell: (key: EnrolmentKey) => (key.state === 'usable' ? <Revoke enrolmentKey={key} /> : null),
  },
];

const Revoke = ({ enrolmentKey }: { readonly enrolmentKey: EnrolmentKey }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const revoke = useApiMutation('enrolmentKeys.revoke', () => {
    notify.done(`${enrolmentKey.name} is revoked`, 'Hosts that used it stay connected. Add a host to make a new key.');
    return client.invalidateQueries({ queryKey: ['enrolmentKeys.list'] });
  });
  return (
    <Button
      small
      disabled={revoke.isPending}
      aria-label={`Revoke ${enrolmentKey.name}`}
      onClick={() =>
        revoke.mutate(
          { params: { keyId: enrolmentKey.id } },
          { onError: (error) => notify.failed('The key is still good', error) },
        )
      }
    >
      Revoke
    </Button>
  );
};
