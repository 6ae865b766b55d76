import type { AssetDetail } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { Section } from '../../components/page.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useApiMutation } from '../../lib/api.ts';
import { formatLabels, parseLabels } from '../../lib/labels.ts';
import { useMay } from '../../lib/session.ts';
import styles from './assets.module.css';

/** Labels of the runtime and those that people gave; scopes select by them. */
export const AssetLabels = ({ asset }: { readonly asset: AssetDetail }) => {
  const [editing, setEditing] = useState(false);
  const mayWrite = useMay('assets:write');
  const labels = Object.entries(asset.labels);
  return (
    <Section title="Labels">
      {labels.length === 0 ? (
        <p className={styles.noLabels}>None. Labels select assets for people’s scopes.</p>
      ) : (
        <ul className={styles.labels}>
          {labels.map(([name, value]) => (
            <li
              key={name}
              className={styles.label}
              title={
                asset.givenLabels?.[name] === undefined ? 'Given by its runtime or enrolment key' : 'Given by a person'
              }
            >
              <span className={text.muted}>{name}</span> {value}
            </li>
          ))}
        </ul>
      )}
      {mayWrite ? (
        <Button small onClick={() => setEditing(true)}>
          Set labels
        </Button>
      ) : null}
      <Modal
        open={editing}
        onOpenChange={setEditing}
        title={`Labels of ${asset.name}`}
        description="One label a line: name=value. Those that its runtime or enrolment key gave are kept beside them; the same name here comes first."
      >
        <LabelsForm asset={asset} close={() => setEditing(false)} />
      </Modal>
    </Section>
  );
};

const LabelsForm = ({ asset, close }: { readonly asset: AssetDetail; readonly close: () => void }) => {
  const [lines, setLines] = useState(formatLabels(asset.givenLabels ?? {}));
  const client = useQueryClient();
  const save = useApiMutation('assets.label', async () => {
    close();
    await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('assets.') });
  });
  const parsed = parseLabels(lines);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (parsed.ok) save.mutate({ params: { assetId: asset.id }, body: { labels: parsed.labels } });
  };
  return (
    <form onSubmit={submit}>
      <TextField
        label="Labels"
        multiline
        mono
        value={lines}
        onChange={setLines}
        error={parsed.ok ? undefined : parsed.problem}
      />
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
