import { Popover } from '@base-ui/react/popover';
import type { SavedHunt } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronDown, X } from 'lucide-react';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import chip from '../../components/choice-menu.module.css';
import { TextField } from '../../components/field.tsx';
import popover from '../../components/popover.module.css';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useSession } from '../../lib/session.ts';
import styles from './hunt.module.css';
import { defaultMinutes, type HuntSearch } from './hunt-search.ts';

/** Hunts that people kept for each other, and a place to keep this one. A fixed span is kept by its link alone. */
export const SavedHunts = ({ search }: { readonly search: HuntSearch }) => {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...apiQuery('savedHunts.list'), enabled: open });
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className={chip.chip}>
        <b>Saved</b>
        <ChevronDown size={13} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={popover.positioner}>
          <Popover.Popup className={popover.popup}>
            <Popover.Title className={popover.title}>Saved hunts</Popover.Title>
            <InlineError error={error} />
            {data?.items.length === 0 ? <p className={popover.title}>None yet. Save this one below.</p> : null}
            <ul className={styles.saved}>
              {data?.items.map((hunt) => (
                <SavedLine key={hunt.id} hunt={hunt} onOpen={() => setOpen(false)} />
              ))}
            </ul>
            <div className={popover.rule} />
            <SaveForm search={search} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
};

const SavedLine = ({ hunt, onOpen }: { readonly hunt: SavedHunt; readonly onOpen: () => void }) => {
  const { user } = useSession();
  const notify = useNotify();
  const client = useQueryClient();
  const remove = useApiMutation('savedHunts.delete', () => client.invalidateQueries({ queryKey: ['savedHunts.list'] }));
  const mayRemove = user.role === 'admin' || user.username === hunt.createdBy;
  const again = useApiMutation('savedHunts.create', () => client.invalidateQueries({ queryKey: ['savedHunts.list'] }));
  const onRemove = (): void =>
    remove.mutate(
      { params: { savedHuntId: hunt.id } },
      {
        onSuccess: () => {
          const { name, q, minutes, columns } = hunt;
          notify.undoable(`“${name}” deleted`, () => again.mutate({ body: { name, q, minutes, columns } }));
        },
        onError: (error) => notify.failed('The saved hunt was not deleted', error),
      },
    );
  return (
    <li>
      <AnyLink to={linkOf(hunt)} className={popover.item} onClick={onOpen} title={hunt.q}>
        <span className={styles.savedName}>{hunt.name}</span>
        <span className={text.minor}>{hunt.createdBy}</span>
      </AnyLink>
      {mayRemove ? (
        <IconButton small label={`Delete “${hunt.name}”`} icon={<X size={13} aria-hidden />} onClick={onRemove} />
      ) : null}
    </li>
  );
};

const linkOf = ({ q, minutes, columns }: SavedHunt): string =>
  `/hunt${stringifySearch({ q, last: minutes === defaultMinutes ? undefined : minutes, cols: columns })}`;

const SaveForm = ({ search }: { readonly search: HuntSearch }) => {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const save = useApiMutation('savedHunts.create', async () => {
    setName('');
    await client.invalidateQueries({ queryKey: ['savedHunts.list'] });
  });
  const { q = '', last = defaultMinutes, cols = [] } = search;
  return (
    <form
      className={popover.pad}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ body: { name, q, minutes: last, columns: [...cols] } });
      }}
    >
      <TextField label="Save this hunt as" value={name} onChange={setName} maxLength={128} required />
      <InlineError error={save.error} />
      <Button type="submit" small disabled={save.isPending || name.trim() === ''}>
        Save for everybody who may hunt
      </Button>
    </form>
  );
};
