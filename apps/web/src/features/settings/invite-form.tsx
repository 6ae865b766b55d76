import type { Role } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { parseScope } from '../../lib/labels.ts';
import type { HandedLink } from './handed-link.ts';
import { RoleField, ScopeField } from './role-fields.tsx';

type InviteFormProps = { readonly close: () => void; readonly done: (handed: HandedLink) => void };

export const InviteForm = ({ close, done }: InviteFormProps) => {
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [scope, setScope] = useState('');
  const client = useQueryClient();
  const invite = useApiMutation('users.create', async ({ user, link }) => {
    done({ username: user.username, link });
    await client.invalidateQueries({ queryKey: ['users.list'] });
  });
  const parsed = parseScope(scope);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (parsed.ok) invite.mutate({ body: { username, role, scope: parsed.scope } });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Name"
        value={username}
        onChange={setUsername}
        hint="Letters, digits and . _ @ + -"
        required
        minLength={2}
        maxLength={64}
      />
      <RoleField role={role} onChange={setRole} />
      <ScopeField value={scope} onChange={setScope} />
      <InlineError error={invite.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!parsed.ok || invite.isPending}>
          Make the link
        </Button>
      </ModalActions>
    </form>
  );
};
