import type { Sensor } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { useMay } from '../../lib/session.ts';
import { UpgradeDialog, useUpgrades } from './upgrade-panel.tsx';

export const SensorActions = ({ sensor }: { readonly sensor: Sensor }) => {
  const [revoking, setRevoking] = useState(false);
  const [upgrading, setUpgrading] = useState(false);
  const { data: upgrades } = useUpgrades();
  const mayWrite = useMay('sensors:write');
  const notify = useNotify();
  const resync = useApiMutation('sensors.resync', () =>
    notify.done('A fresh snapshot is asked for', 'The console’s copy is compared with it when it arrives.'),
  );
  if (!mayWrite || sensor.presence === 'revoked') return null;
  return (
    <>
      <Button
        disabled={sensor.presence !== 'online' || resync.isPending}
        onClick={() =>
          resync.mutate(
            { params: { hostId: sensor.hostId } },
            { onError: (error) => notify.failed('No snapshot was asked for', error) },
          )
        }
      >
        Ask for a snapshot
      </Button>
      {upgrades?.upgradable.includes(sensor.hostId) === true && upgrades.release.problem === undefined ? (
        <Button look="primary" onClick={() => setUpgrading(true)}>
          Upgrade to {upgrades.release.version}…
        </Button>
      ) : null}
      <UpgradeDialog
        open={upgrading}
        onOpenChange={setUpgrading}
        title={`Upgrade the sensor on ${sensor.hostname}`}
        body={{ hostIds: [sensor.hostId] }}
      />
      <Button look="danger" onClick={() => setRevoking(true)}>
        Revoke…
      </Button>
      <Modal
        open={revoking}
        onOpenChange={setRevoking}
        title={`Revoke the sensor on ${sensor.hostname}`}
        description="Its connection closes at once and its certificate is never accepted again. What is known about the host stays, as unknown since now. This cannot be undone: the host is enrolled anew with a key."
      >
        <RevokeForm sensor={sensor} close={() => setRevoking(false)} />
      </Modal>
    </>
  );
};

const RevokeForm = ({ sensor, close }: { readonly sensor: Sensor; readonly close: () => void }) => {
  const [reason, setReason] = useState('');
  const client = useQueryClient();
  const notify = useNotify();
  const revoke = useApiMutation('sensors.revoke', async () => {
    notify.done(`The sensor on ${sensor.hostname} is revoked`);
    close();
    await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('sensors.') });
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    revoke.mutate({ params: { hostId: sensor.hostId }, body: { reason } });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        hint="Kept in the audit log."
        required
        maxLength={1024}
      />
      <InlineError error={revoke.error} />
      <ModalActions>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="danger" disabled={reason.trim() === '' || revoke.isPending}>
          Revoke now
        </Button>
      </ModalActions>
    </form>
  );
};
