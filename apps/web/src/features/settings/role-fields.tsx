import { type Role, roles } from '@parapet/contract/api';
import { SelectField, TextField } from '../../components/field.tsx';
import { parseScope } from '../../lib/labels.ts';

const meanings: Readonly<Record<Role, string>> = {
  viewer: 'Sees everything in its scope, changes nothing.',
  operator: 'Also accepts risks, sets labels and asks for scans.',
  admin: 'Everything: people, keys, sensors and feeds too.',
};

type RoleFieldProps = { readonly role: Role; readonly onChange: (role: Role) => void };

export const RoleField = ({ role, onChange }: RoleFieldProps) => (
  <SelectField
    label="Role"
    value={role}
    options={roles.map((value) => ({ value, label: value }))}
    hint={meanings[role]}
    onChange={onChange}
  />
);

type ScopeFieldProps = { readonly value: string; readonly onChange: (value: string) => void };

/** Which assets are seen: label=value lines, all of which must hold; nothing for all assets. */
export const ScopeField = ({ value, onChange }: ScopeFieldProps) => {
  const parsed = parseScope(value);
  return (
    <TextField
      label="Scope"
      multiline
      mono
      value={value}
      onChange={onChange}
      placeholder={'env=production\nteam=shop,platform'}
      hint="One label a line, several values with commas. Every line must hold. Empty: all assets."
      error={parsed.ok ? undefined : parsed.problem}
    />
  );
};
