import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { request } from '../../lib/api.ts';
import { formatDay, plural } from '../../lib/format.ts';
import type { Target } from './selection.ts';

type AcceptDialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly targets: readonly Target[];
  readonly count: number;
  readonly onDone: () => void;
  /** Called before what was accepted, or taken back, is fetched. */
  readonly onChanged?: () => void;
};

/** Accepting a risk: for a reason and a time, and taken back with one click. */
export const AcceptDialog = ({ open, onOpenChange, targets, count, onDone, onChanged }: AcceptDialogProps) => (
  <Modal
    open={open}
    onOpenChange={onOpenChange}
    title={`Accept the risk of ${plural(count, 'finding')}`}
    description="They leave the list and the priorities until the day you choose, then they are open again. The reason is kept in their history and in the audit log."
  >
    <AcceptForm
      targets={targets}
      onChanged={onChanged}
      close={() => onOpenChange(false)}
      done={() => {
        onOpenChange(false);
        onDone();
      }}
    />
  </Modal>
);

type AcceptFormProps = {
  readonly targets: readonly Target[];
  readonly close: () => void;
  readonly done: () => void;
  readonly onChanged: (() => void) | undefined;
};

const AcceptForm = ({ targets, close, done, onChanged }: AcceptFormProps) => {
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('30');
  const accept = useAccept(targets, done, onChanged);
  const until = new Date(Date.now() + Number(days) * 86_400_000).toISOString();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    accept.mutate({ reason, until });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Reason"
        multiline
        required
        minLength={3}
        maxLength={2048}
        placeholder="Why this is fine for now, e.g. only reachable through the VPN until the release in December"
        value={reason}
        onChange={setReason}
      />
      <SelectField
        label="Until"
        value={days}
        options={['7', '14', '30', '90', '180', '365'].map((value) => ({ value, label: `In ${value} days` }))}
        hint={`Open again on ${formatDay(until)}.`}
        onChange={setDays}
      />
      <InlineError error={accept.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={accept.isPending || reason.trim().length < 3}>
          Accept
        </Button>
      </ModalActions>
    </form>
  );
};

type Acceptance = { readonly reason: string; readonly until: string };

const useAccept = (targets: readonly Target[], done: () => void, onChanged: (() => void) | undefined) => {
  const client = useQueryClient();
  const notify = useNotify();
  const refresh = () => {
    onChanged?.();
    return client.invalidateQueries({ predicate: ({ queryKey }) => isAboutFindings(queryKey[0]) });
  };
  const takeBack = async (undos: readonly string[]): Promise<void> => {
    try {
      for (const undo of undos) await request('findings.reopen', { body: { undo } });
      await refresh();
    } catch (error) {
      notify.failed('The findings could not be opened again', error);
    }
  };
  return useMutation({
    mutationFn: async ({ reason, until }: Acceptance) => {
      const results = [];
      for (const target of targets)
        results.push(await request('findings.accept', { body: { ...target, reason, until } }));
      return results;
    },
    onSuccess: async (results) => {
      const changed = results.reduce((sum, result) => sum + result.changed, 0);
      notify.undoable(`Accepted ${plural(changed, 'finding')}`, () => void takeBack(results.map(({ undo }) => undo)));
      done();
      await refresh();
    },
  });
};

const isAboutFindings = (name: unknown): boolean =>
  typeof name === 'string' && (name.startsWith('findings.') || name === 'overview.get');
