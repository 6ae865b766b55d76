import type { User } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { Page } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { formatScope } from '../../lib/labels.ts';
import { useMay } from '../../lib/session.ts';
import type { HandedLink } from './handed-link.ts';
import { InviteForm } from './invite-form.tsx';
import { PersonActions } from './person-actions.tsx';
import styles from './settings.module.css';

/** Who may sign in, and what each may see and do. */
export const PeoplePage = () => {
  const mayWrite = useMay('people:write');
  const [inviting, setInviting] = useState(false);
  const [handed, setHanded] = useState<HandedLink>();
  const { data, error, refetch } = useQuery(apiQuery('users.list'));
  return (
    <Page
      name="People"
      title={data === undefined ? 'People' : plural(data.items.length, 'person', 'people')}
      subline="A viewer sees, an operator also accepts risks, labels and scans, an admin does everything. A scope narrows what someone sees."
      tools={
        mayWrite ? (
          <Button look="primary" onClick={() => setInviting(true)}>
            Invite…
          </Button>
        ) : null
      }
    >
      {error !== null && data === undefined ? (
        <Failure what="The people could not be fetched" error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label="people" />
      ) : (
        <SimpleTable
          label="People"
          columns={[...columns, actionColumn(mayWrite, setHanded)]}
          rows={data.items}
          rowKey={({ id }) => id}
        />
      )}
      <Modal
        open={inviting}
        onOpenChange={setInviting}
        title="Invite a person"
        description="You get a link to hand over. Whoever opens it first chooses the password."
      >
        <InviteForm
          close={() => setInviting(false)}
          done={(link) => {
            setInviting(false);
            setHanded(link);
          }}
        />
      </Modal>
      <HandOver handed={handed} close={() => setHanded(undefined)} />
    </Page>
  );
};

const tones: Readonly<Record<User['state'], Tone>> = {
  active: 'ok',
  invited: 'none',
  disabled: 'none',
  locked: 'warn',
};

const columns = [
  { id: 'name', header: 'Name', cell: (user: User) => <span className={text.name}>{user.username}</span> },
  { id: 'role', header: 'Role', cell: (user: User) => user.role },
  {
    id: 'scope',
    header: 'Sees',
    wideOnly: true,
    cell: (user: User) =>
      user.scope === null ? (
        <span className={text.muted}>everything</span>
      ) : (
        <span className={text.mono}>{formatScope(user.scope).replaceAll('\n', ' and ')}</span>
      ),
  },
  {
    id: 'state',
    header: 'State',
    cell: (user: User) => (
      <span className={styles.state}>
        <ToneMark tone={tones[user.state]} /> {user.state}
      </span>
    ),
  },
  {
    id: 'seen',
    header: 'Last seen',
    wideOnly: true,
    cell: (user: User) =>
      user.lastSeenAt === undefined ? (
        <span className={text.muted}>never</span>
      ) : (
        <Time at={user.lastSeenAt} className={text.muted} />
      ),
  },
];

const actionColumn = (mayWrite: boolean, onLink: (handed: HandedLink) => void) => ({
  id: 'actions',
  header: 'Actions',
  hiddenHeader: true,
  align: 'end' as const,
  cell: (user: User) => (mayWrite ? <PersonActions user={user} onLink={onLink} /> : null),
});

type HandOverProps = { readonly handed: HandedLink | undefined; readonly close: () => void };

const HandOver = ({ handed, close }: HandOverProps) => (
  <Modal
    open={handed !== undefined}
    onOpenChange={(open) => open || close()}
    title={`The link for ${handed?.username ?? ''}`}
    description="Hand it over by a way you trust. It is shown now and never again, works once, and expires."
  >
    {handed === undefined ? null : (
      <>
        <CommandBlock commands={[handed.link.url]} label="One-time link" />
        <p className={text.muted}>
          Expires <Time at={handed.link.expiresAt} />
        </p>
      </>
    )}
    <ModalActions>
      <Button look="primary" onClick={close}>
        Done
      </Button>
    </ModalActions>
  </Modal>
);
