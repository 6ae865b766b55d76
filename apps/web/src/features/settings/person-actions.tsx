import type { User } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { ActionMenu } from '../../components/choice-menu.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { formatScope, parseScope } from '../../lib/labels.ts';
import { useSession } from '../../lib/session.ts';
import type { HandedLink } from './handed-link.ts';
import { RoleField, ScopeField } from './role-fields.tsx';

type ActionsProps = { readonly user: User; readonly onLink: (handed: HandedLink) => void };

/** What an admin can do with a person's account. */
export const PersonActions = ({ user, onLink }: ActionsProps) => {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const { user: me } = useSession();
  const account = useAccount(user, onLink);
  const own = me.id === user.id;
  const disabled = user.state === 'disabled';
  return (
    <>
      <ActionMenu
        label="Change"
        items={[
          { label: 'Role and scope…', run: () => setEditing(true) },
          { label: user.state === 'invited' ? 'New invitation link' : 'Link for a new password', run: account.reset },
          ...(own
            ? []
            : [
                {
                  label: disabled ? 'Enable' : 'Disable',
                  run: () => account.setState(disabled ? 'active' : 'disabled'),
                },
                { label: 'Remove…', run: () => setRemoving(true) },
              ]),
        ]}
      />
      <Modal
        open={editing}
        onOpenChange={setEditing}
        title={`Role and scope of ${user.username}`}
        description="All sessions of this person end, so that the change holds at once."
      >
        <RoleForm user={user} close={() => setEditing(false)} />
      </Modal>
      <Modal
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${user.username}`}
        description="The account and its sessions go at once and cannot be brought back. What the person did stays in the audit log. Disabling keeps the account."
      >
        <ModalActions>
          <Button onClick={() => setRemoving(false)}>Cancel</Button>
          <Button look="danger" onClick={() => account.remove(() => setRemoving(false))}>
            Remove
          </Button>
        </ModalActions>
      </Modal>
    </>
  );
};

const useAccount = (user: User, onLink: (handed: HandedLink) => void) => {
  const client = useQueryClient();
  const notify = useNotify();
  const refresh = () => client.invalidateQueries({ queryKey: ['users.list'] });
  const params = { userId: user.id };
  const failed = { onError: (error: Error) => notify.failed('Nothing was changed', error) };
  const reset = useApiMutation('users.reset', (link) => onLink({ link, username: user.username }));
  const update = useApiMutation('users.update', (next) => {
    if (next.state === 'disabled') {
      notify.undoable(`${user.username} is disabled`, () =>
        update.mutate({ params, body: { state: 'active' } }, failed),
      );
    } else notify.done(`${user.username} is enabled`);
    return refresh();
  });
  const remove = useApiMutation('users.delete', () => {
    notify.done(`${user.username} is removed`);
    return refresh();
  });
  return {
    reset: () => reset.mutate({ params }, failed),
    setState: (state: 'active' | 'disabled') => update.mutate({ params, body: { state } }, failed),
    remove: (done: () => void) => remove.mutate({ params }, { ...failed, onSettled: done }),
  };
};

const RoleForm = ({ user, close }: { readonly user: User; readonly close: () => void }) => {
  const [role, setRole] = useState(user.role);
  const [scope, setScope] = useState(formatScope(user.scope));
  const client = useQueryClient();
  const save = useApiMutation('users.update', async () => {
    close();
    await client.invalidateQueries({ queryKey: ['users.list'] });
  });
  const parsed = parseScope(scope);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (parsed.ok) save.mutate({ params: { userId: user.id }, body: { role, scope: parsed.scope } });
  };
  return (
    <form onSubmit={submit}>
      <RoleField role={role} onChange={setRole} />
      <ScopeField value={scope} onChange={setScope} />
      <InlineError error={save.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!parsed.ok || save.isPending}>
          Save
        </Button>
      </ModalActions>
    </form>
  );
};
