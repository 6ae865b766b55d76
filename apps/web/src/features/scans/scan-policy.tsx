import type { ScanPolicy } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CheckField, TextField } from '../../components/field.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { formatScope, parseScope, scopeWords } from '../../lib/labels.ts';
import { useMay } from '../../lib/session.ts';
import styles from './scans.module.css';

/** What is scanned by itself, and for admins a form to change it. */
export const ScanPolicyView = () => {
  const { data, error, refetch } = useQuery(apiQuery('scanPolicy.get'));
  const mayChange = useMay('system:write');
  if (error !== null && data === undefined) {
    return <Failure what="The policy could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="the policy" lines={4} />;
  return (
    <div className={styles.policy}>
      <p className={text.muted}>{wordsOf(data)}</p>
      {mayChange ? <PolicyForm policy={data} /> : null}
    </div>
  );
};

const wordsOf = ({ paused, everyHours, scope }: ScanPolicy): string => {
  if (paused) return 'Paused: nothing is scanned by itself. A scan that somebody asks for still runs.';
  const which = scope === null ? 'Every host and container' : `Every host and container with ${scopeWords(scope)}`;
  return `${which} is scanned when it is first seen, when its packages change, and every ${plural(everyHours, 'hour')}. Images are scanned when they are first seen, by two hosts if two have them.`;
};

const PolicyForm = ({ policy }: { readonly policy: ScanPolicy }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const [paused, setPaused] = useState(policy.paused);
  const [hours, setHours] = useState(String(policy.everyHours));
  const [labels, setLabels] = useState(formatScope(policy.scope));
  const save = useApiMutation('scanPolicy.update', (saved) => {
    client.setQueryData(apiQuery('scanPolicy.get').queryKey, saved);
    notify.done('The policy is in force');
  });
  const scope = parseScope(labels);
  const everyHours = /^\d{1,3}$/.test(hours.trim()) ? Number(hours) : 0;
  const isHours = everyHours >= 1 && everyHours <= 720;
  const wanted = scope.ok && isHours ? { paused, everyHours, scope: scope.scope } : undefined;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== undefined)
          save.mutate({ body: wanted }, { onError: (error) => notify.failed('The policy is as before', error) });
      }}
    >
      <CheckField label="Pause: scan nothing by itself" checked={paused} onChange={setPaused} />
      <TextField
        label="Scan again after, hours"
        hint="Usually 24. What is new or changed is scanned at once, whatever is written here."
        value={hours}
        inputMode="numeric"
        onChange={setHours}
        error={isHours ? undefined : 'Whole hours from 1 to 720.'}
      />
      <TextField
        label="Only assets with these labels"
        hint="One name=value a line, several values with commas. Empty: all."
        value={labels}
        multiline
        mono
        onChange={setLabels}
        error={scope.ok ? undefined : scope.problem}
      />
      <Button
        type="submit"
        look="primary"
        disabled={wanted === undefined || JSON.stringify(wanted) === JSON.stringify(policy) || save.isPending}
      >
        Save
      </Button>
    </form>
  );
};
