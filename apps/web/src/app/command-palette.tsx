import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import {
  Bug,
  Container,
  CornerDownRight,
  Cpu,
  FileUp,
  Layers,
  Package,
  Search,
  Server,
  ShieldAlert,
  Zap,
} from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { apiQuery } from '../lib/api.ts';
import { setAppearance, useShownTheme } from '../lib/appearance.ts';
import { useSession } from '../lib/session.ts';
import { useMoment } from '../lib/view-state.ts';
import styles from './command-palette.module.css';
import { type Command, commandOf, linkCommands, matching, pageCommands, whereIs } from './commands.ts';

type PaletteProps = { readonly open: boolean; readonly onOpenChange: (open: boolean) => void };

/** Ctrl-K: finds any asset, finding, package, vulnerability, page and action. */
export const CommandPalette = ({ open, onOpenChange }: PaletteProps) => (
  <Dialog.Root open={open} onOpenChange={onOpenChange}>
    <Dialog.Portal>
      <Dialog.Backdrop className={styles.backdrop} />
      <Dialog.Popup className={styles.popup} aria-label="Find anything">
        <Palette close={() => onOpenChange(false)} />
      </Dialog.Popup>
    </Dialog.Portal>
  </Dialog.Root>
);

const Palette = ({ close }: { readonly close: () => void }) => {
  const [typed, setTyped] = useState('');
  const { groups, searching } = useCommands(typed);
  const run = useRun(close);
  return (
    <Autocomplete.Root
      open
      inline
      items={groups}
      value={typed}
      onValueChange={(value, details) => {
        if (details.reason !== 'item-press') setTyped(value);
      }}
      filter={null}
      autoHighlight="always"
      keepHighlight
      itemToStringValue={(command: Command) => command.title}
    >
      <div className={styles.head}>
        <Search size={16} aria-hidden />
        <Autocomplete.Input
          className={styles.input}
          aria-label="Find anything"
          placeholder="Find an asset, package, finding, page, action"
        />
        <Dialog.Close className="visually-hidden">Close</Dialog.Close>
      </div>
      <Autocomplete.Empty className={styles.note}>
        {searching ? 'Searching…' : `Nothing is called “${typed}”. Try a part of a name, a CVE number or an address.`}
      </Autocomplete.Empty>
      <Autocomplete.List className={styles.list}>
        {(group: Group) => (
          <Autocomplete.Group key={group.value} items={group.items}>
            <Autocomplete.GroupLabel className={styles.group}>{group.value}</Autocomplete.GroupLabel>
            <Autocomplete.Collection>
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.id}
                  value={command}
                  className={styles.item}
                  onClick={() => run(command)}
                >
                  <CommandIcon icon={command.icon} />
                  <span className={styles.title}>{command.title}</span>
                  <span className={styles.detail}>{command.detail}</span>
                </Autocomplete.Item>
              )}
            </Autocomplete.Collection>
          </Autocomplete.Group>
        )}
      </Autocomplete.List>
      <div className={styles.foot}>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Esc</kbd> close
        </span>
      </div>
    </Autocomplete.Root>
  );
};

type Group = { readonly value: string; readonly items: readonly Command[] };

const useCommands = (typed: string): { readonly groups: readonly Group[]; readonly searching: boolean } => {
  const q = useDeferredValue(typed.trim());
  const { permissions } = useSession();
  const actions = useActions();
  const found = useQuery({ ...apiQuery('search.all', { query: { q } }), enabled: q !== '', staleTime: 10_000 });
  const offered = [...pageCommands, ...linkCommands, ...actions].filter(
    ({ needs }) => needs === undefined || permissions.includes(needs),
  );
  const results = q === '' ? [] : (found.data?.items ?? []).map(commandOf);
  const groups = [
    { value: 'Found', items: results },
    { value: q === '' ? 'Go to' : 'Pages and actions', items: [...matching(offered, typed), ...whereIs(typed)] },
  ].filter((group) => group.items.length > 0);
  return { groups, searching: found.isFetching };
};

const useActions = (): readonly Command[] => {
  const shown = useShownTheme();
  const moment = useMoment();
  const next = shown === 'dark' ? 'light' : 'dark';
  const base = { icon: 'act', detail: 'Action' } as const;
  return [
    {
      ...base,
      id: 'theme',
      title: next === 'light' ? 'Light paper' : 'Dark graphite',
      words: 'theme colours appearance',
      run: () => setAppearance({ theme: next }),
    },
    ...(moment.live
      ? []
      : [{ ...base, id: 'live', title: 'Back to live', words: 'now time', run: () => moment.set(undefined) }]),
  ];
};

const useRun = (close: () => void): ((command: Command) => void) => {
  const router = useRouter();
  return (command) => {
    close();
    if (command.run !== undefined) command.run();
    else if (command.to !== undefined) void router.navigate({ href: command.to });
  };
};

const icons = {
  page: CornerDownRight,
  act: Zap,
  host: Server,
  container: Container,
  image: Layers,
  upload: FileUp,
  finding: Bug,
  package: Package,
  vulnerability: ShieldAlert,
  process: Cpu,
} as const;

const CommandIcon = ({ icon }: { readonly icon: Command['icon'] }) => {
  const Icon = icons[icon];
  return <Icon size={15} aria-hidden />;
};
