import type { RetentionSettings, RetentionStatus } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, steadyQuery, useApiMutation } from '../../lib/api.ts';
import { deletionOf, draftOf, type RetentionDraft, settingsOf } from './retention-words.ts';
import styles from './settings.module.css';

/** Changes how long things are kept, and says what that deletes before it does. */
export const RetentionForm = ({ status }: { readonly status: RetentionStatus }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const [draft, setDraft] = useState(draftOf(status.settings));
  const wanted = settingsOf(draft);
  const isChanged = wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(status.settings);
  const save = useApiMutation('retention.update', (saved) => {
    client.setQueryData(apiQuery('retention.get').queryKey, saved);
    notify.done('Saved. What is past its time goes now');
  });
  const field = (name: keyof RetentionDraft, label: string, hint: string) => (
    <TextField
      label={label}
      hint={hint}
      value={draft[name]}
      inputMode={name.endsWith('Gb') ? 'decimal' : 'numeric'}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
    />
  );
  const usually = status.defaults;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== undefined)
          save.mutate({ body: wanted }, { onError: (error) => notify.failed('Everything is as before', error) });
      }}
    >
      {field(
        'graphDays',
        'The graph’s past, days',
        `Any moment within them can be drawn. Usually ${usually.graphDays}.`,
      )}
      {field('graphGb', 'but at most, GB', 'The oldest days go first. Empty: no limit but the days.')}
      {field('closedFindingsDays', 'Closed findings, days', `Usually ${usually.closedFindingsDays}.`)}
      {field('scansDays', 'Scans and risk over time, days', `Usually ${usually.scansDays}.`)}
      {field('telemetryDays', 'Events, days', `What hunts can find. Usually ${usually.telemetryDays}.`)}
      {field('telemetryGb', 'but at most, GB', `The oldest events go first. Usually ${usually.telemetryBytes / 1e9}.`)}
      {field('auditDays', 'Audit log, days', `At least 30. Usually ${usually.auditDays}.`)}
      {wanted === undefined ? (
        <p className={styles.problem}>Whole days from 1 to 3,650 (audit from 30); a limit of at least 0.1 GB.</p>
      ) : isChanged ? (
        <Deletion wanted={wanted} />
      ) : null}
      <Button type="submit" look="primary" disabled={!isChanged || save.isPending}>
        Save
      </Button>
    </form>
  );
};

/** What saving removes, asked of the store itself. */
const Deletion = ({ wanted }: { readonly wanted: RetentionSettings }) => {
  const { graphBytes, ...days } = wanted;
  const query = { ...days, ...(graphBytes === null ? {} : { graphBytes }) };
  const { data, error } = useQuery(steadyQuery('retention.preview', { query }));
  if (error !== null)
    return <p className={styles.problem}>What this deletes could not be worked out: {error.message}</p>;
  if (data === undefined) return <p className={text.muted}>Working out what this deletes …</p>;
  if (data.deletes.length === 0) return <p className={text.muted}>This deletes nothing now.</p>;
  return (
    <div className={styles.problem} role="status">
      <p className={text.strong}>This deletes, for good:</p>
      <ul>
        {data.deletes.map((gone) => (
          <li key={gone.kind}>{deletionOf(gone)}</li>
        ))}
      </ul>
    </div>
  );
};
