import type { TelemetryPolicyStatus, TelemetryRule } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import { Modal } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { keyed } from '../../lib/keyed.ts';
import { actionWords } from '../../lib/policy-words.ts';
import { RuleForm } from './rule-form.tsx';
import { RuleList } from './rule-list.tsx';
import styles from './settings.module.css';

/** Changes the rules: nothing holds before it is saved, and what it would touch can be seen first. */
export const PolicyEditor = ({ status }: { readonly status: TelemetryPolicyStatus }) => {
  const client = useQueryClient();
  const notify = useNotify();
  /** What was there when the changes began. */
  const [base, setBase] = useState(status);
  const [rules, setRules] = useState<readonly TelemetryRule[]>(status.rules);
  const [edited, setEdited] = useState<number | 'new'>();
  const isChanged = JSON.stringify(rules) !== JSON.stringify(base.rules);
  const isOutdated = status.version !== base.version;
  const takeUp = (next: TelemetryPolicyStatus): void => {
    setBase(next);
    setRules(next.rules);
  };
  if (isOutdated && !isChanged) takeUp(status);
  const preview = useApiMutation('telemetryPolicy.preview');
  const save = useApiMutation('telemetryPolicy.update', (saved) => {
    takeUp(saved);
    client.setQueryData(apiQuery('telemetryPolicy.get').queryKey, saved);
    void client.invalidateQueries({ queryKey: ['telemetryPolicy.versions'] });
    notify.done('Saved. Connected sensors follow at once');
  });
  const change = (next: readonly TelemetryRule[]): void => {
    setRules(next);
    preview.reset();
  };
  const replace = (at: number, rule: TelemetryRule): void => change(rules.with(at, rule));
  const swap = (at: number, other: number): void => {
    const [one, two] = [rules[at], rules[other]];
    if (one !== undefined && two !== undefined) change(rules.with(at, two).with(other, one));
  };
  return (
    <>
      <RuleList
        rules={rules}
        actions={(rule, at) => (
          <>
            <IconButton
              small
              label={`Ask “${rule.name}” earlier`}
              icon={<ArrowUp size={14} />}
              disabled={at === 0}
              onClick={() => swap(at, at - 1)}
            />
            <IconButton
              small
              label={`Ask “${rule.name}” later`}
              icon={<ArrowDown size={14} />}
              disabled={at === rules.length - 1}
              onClick={() => swap(at, at + 1)}
            />
            <Button small onClick={() => replace(at, { ...rule, on: !rule.on })}>
              {rule.on ? 'Turn off' : 'Turn on'}
            </Button>
            <Button small onClick={() => setEdited(at)}>
              Edit
            </Button>
            <IconButton
              small
              label={`Remove “${rule.name}”`}
              icon={<Trash2 size={14} />}
              onClick={() => change(rules.toSpliced(at, 1))}
            />
          </>
        )}
      />
      <div className={styles.editorActions}>
        <Button onClick={() => setEdited('new')}>Add a rule</Button>
        <Button
          look="primary"
          disabled={!isChanged || save.isPending}
          onClick={() =>
            save.mutate(
              { body: { basedOn: base.version, rules: [...rules] } },
              { onError: (error) => notify.failed('What is recorded is as before', error) },
            )
          }
        >
          Save
        </Button>
        <Button
          disabled={!isChanged || preview.isPending}
          onClick={() => preview.mutate({ body: { rules: [...rules] } })}
        >
          What would it touch?
        </Button>
        <Button
          look="quiet"
          disabled={!isChanged}
          onClick={() => {
            takeUp(status);
            preview.reset();
          }}
        >
          Undo
        </Button>
      </div>
      <InlineError error={preview.error} />
      {preview.data === undefined ? null : (
        <div className={text.note} role="status">
          <ul>
            {keyed(preview.data.rules, ({ name }) => name).map(([key, { name, hosts, containers }], at) => (
              <li key={key}>
                <b>{name}</b> is asked about {plural(containers, 'running container')} on {plural(hosts, 'host')}
                {rules[at]?.where === 'containers' ? '' : ', and about what runs on the host itself where it fits'}.
              </li>
            ))}
          </ul>
          {preview.data.off.length === 0 ? null : (
            <p className={text.bad}>Nothing at all would be recorded of {actionWords(preview.data.off)}.</p>
          )}
        </div>
      )}
      <Modal
        open={edited !== undefined}
        onOpenChange={(open) => (open ? undefined : setEdited(undefined))}
        title={edited === 'new' ? 'A new rule' : 'Change a rule'}
        wide
      >
        <RuleForm
          rule={typeof edited === 'number' ? rules[edited] : undefined}
          onCancel={() => setEdited(undefined)}
          onDone={(rule) => {
            if (typeof edited === 'number') replace(edited, rule);
            else change([...rules, rule]);
            setEdited(undefined);
          }}
        />
      </Modal>
      {isChanged ? (
        <p className={styles.unsaved}>
          {isOutdated
            ? `${status.changedBy ?? 'Somebody'} has saved other rules since: undo yours to see them, then change those.`
            : 'These rules are not saved yet.'}
        </p>
      ) : null}
    </>
  );
};
