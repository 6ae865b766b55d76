import { type Permission, type Role, rolePermissions } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CheckField, SelectField, TextField } from '../../components/field.tsx';
import { ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { parseScope } from '../../lib/labels.ts';
import { RoleField, ScopeField } from './role-fields.tsx';
import styles from './settings.module.css';

type TokenFormProps = { readonly close: () => void; readonly done: (secret: string) => void };

export const TokenForm = ({ close, done }: TokenFormProps) => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [scope, setScope] = useState('');
  const [days, setDays] = useState('90');
  const [left, setLeft] = useState<readonly Permission[]>([]);
  const client = useQueryClient();
  const create = useApiMutation('tokens.create', async ({ secret }) => {
    done(secret);
    await client.invalidateQueries({ queryKey: ['tokens.list'] });
  });
  const parsed = parseScope(scope);
  const permissions = rolePermissions[role].filter((permission) => !left.includes(permission));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!parsed.ok) return;
    create.mutate({ body: { name, role, scope: parsed.scope, expiresInDays: Number(days), permissions } });
  };
  return (
    <form onSubmit={submit}>
      <TextField label="Name" value={name} onChange={setName} placeholder="What uses it" required maxLength={128} />
      <RoleField role={role} onChange={setRole} />
      <details>
        <summary>
          May do {permissions.length} of {rolePermissions[role].length} things of this role
        </summary>
        <div className={styles.permissions}>
          {rolePermissions[role].map((permission) => (
            <CheckField
              key={permission}
              label={<code>{permission}</code>}
              checked={!left.includes(permission)}
              onChange={(checked) =>
                setLeft(checked ? left.filter((each) => each !== permission) : [...left, permission])
              }
            />
          ))}
        </div>
      </details>
      <ScopeField value={scope} onChange={setScope} />
      <SelectField
        label="Ends in"
        value={days}
        options={['1', '7', '30', '90', '365'].map((value) => ({
          value,
          label: value === '1' ? '1 day' : `${value} days`,
        }))}
        onChange={setDays}
      />
      <InlineError error={create.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!parsed.ok || create.isPending || permissions.length === 0}>
          Make the token
        </Button>
      </ModalActions>
    </form>
  );
};
