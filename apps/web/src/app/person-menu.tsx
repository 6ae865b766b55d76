import { Menu } from '@base-ui/react/menu';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState } from 'react';
import popover from '../components/popover.module.css';
import { useNotify } from '../components/toasts.tsx';
import { useApiMutation } from '../lib/api.ts';
import { densities, setAppearance, themes, useAppearance } from '../lib/appearance.ts';
import { useSession } from '../lib/session.ts';
import { PasswordDialog } from './password-dialog.tsx';
import styles from './top-bar.module.css';

/** Who is signed in, how the product looks, password, signing out. */
export const PersonMenu = () => {
  const { user } = useSession();
  const { theme, density } = useAppearance();
  const [changing, setChanging] = useState(false);
  const signOut = useSignOut();
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className={styles.avatar}>
          <span aria-hidden>{initials(user.username)}</span>
          <span className="visually-hidden">
            {user.username}, {user.role}
          </span>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={8} align="end" className={popover.positioner}>
            <Menu.Popup className={popover.popup}>
              <div className={popover.title}>
                {user.username}, {user.role}
              </div>
              <div className={popover.rule} />
              <Choice
                label="Theme"
                value={theme}
                options={themes.map((value) => ({ value, label: themeNames[value] }))}
                onChange={(value) => setAppearance({ theme: value })}
              />
              <Choice
                label="Density"
                value={density}
                options={densities.map((value) => ({ value, label: densityNames[value] }))}
                onChange={(value) => setAppearance({ density: value })}
              />
              <div className={popover.rule} />
              <Menu.Item className={popover.item} onClick={() => setChanging(true)}>
                Change password
              </Menu.Item>
              <Menu.Item className={popover.item} onClick={signOut}>
                Sign out
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <PasswordDialog open={changing} onOpenChange={setChanging} />
    </>
  );
};

const themeNames = { system: 'As the system', dark: 'Dark graphite', light: 'Light paper' } as const;
const densityNames = { dense: 'Dense', comfortable: 'Comfortable' } as const;

type ChoiceProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
};

const Choice = <T extends string>({ label, value, options, onChange }: ChoiceProps<T>) => (
  <Menu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
    <Menu.Group>
      <Menu.GroupLabel className={popover.group}>{label}</Menu.GroupLabel>
      {options.map((option) => (
        <Menu.RadioItem key={option.value} value={option.value} className={popover.item} closeOnClick={false}>
          <span className={popover.check}>
            <Menu.RadioItemIndicator>
              <Check size={14} aria-hidden />
            </Menu.RadioItemIndicator>
          </span>
          {option.label}
        </Menu.RadioItem>
      ))}
    </Menu.Group>
  </Menu.RadioGroup>
);

const useSignOut = (): (() => void) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const { mutate } = useApiMutation('session.delete', async () => {
    await navigate({ to: '/sign-in' });
    // The sign-in page is already asking whether there is an admin.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'setup.get' });
  });
  return () => mutate({}, { onError: (error) => notify.failed('You are still signed in', error) });
};

const initials = (name: string): string => {
  const parts = name.split(/[._@\s-]+/).filter((part) => part !== '');
  return parts
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join('');
};
