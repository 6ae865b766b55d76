import { type FormEvent, useState } from 'react';
import { Button } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import { Modal, ModalActions } from '../components/modal.tsx';
import { InlineError } from '../components/states.tsx';
import { useNotify } from '../components/toasts.tsx';
import { useApiMutation } from '../lib/api.ts';

type PasswordDialogProps = { readonly open: boolean; readonly onOpenChange: (open: boolean) => void };

export const PasswordDialog = ({ open, onOpenChange }: PasswordDialogProps) => (
  <Modal open={open} onOpenChange={onOpenChange} title="Change your password">
    <PasswordForm close={() => onOpenChange(false)} />
  </Modal>
);

const PasswordForm = ({ close }: { readonly close: () => void }) => {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const notify = useNotify();
  const change = useApiMutation('me.password', () => {
    notify.done('Password changed', 'Your other sessions have ended.');
    close();
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate({ body: { current, next } });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Current password"
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
        required
      />
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        hint="At least 12 characters. All your other sessions end."
        minLength={12}
        value={next}
        onChange={setNext}
        required
      />
      <InlineError error={change.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button look="primary" type="submit" disabled={change.isPending || next.length < 12}>
          Change password
        </Button>
      </ModalActions>
    </form>
  );
};
