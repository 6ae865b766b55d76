import { type EventAction, type EventKind, eventKinds, type TelemetryRule } from '@parapet/contract/api';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CheckField, SelectField, TextField } from '../../components/field.tsx';
import { ModalActions } from '../../components/modal.tsx';
import text from '../../components/text.module.css';
import { kindLabels } from '../../lib/policy-words.ts';
import { draftOf, emptyDraft, type RuleDraft, ruleOf } from './rule-draft.ts';
import styles from './settings.module.css';

type RuleFormProps = {
  /** Absent for a new one. */
  readonly rule?: TelemetryRule | undefined;
  readonly onDone: (rule: TelemetryRule) => void;
  readonly onCancel: () => void;
};

/** One rule of the telemetry policy: which events, of what, and what becomes of them. */
export const RuleForm = ({ rule, onDone, onCancel }: RuleFormProps) => {
  const [draft, setDraft] = useState(rule === undefined ? emptyDraft : draftOf(rule));
  const [tried, setTried] = useState(false);
  const change = (part: Partial<RuleDraft>): void => setDraft({ ...draft, ...part });
  const parsed = ruleOf(draft, rule?.on ?? true);
  const lines = (name: keyof RuleDraft & string, label: string, hint: string) => (
    <TextField
      label={label}
      hint={hint}
      multiline
      mono
      value={String(draft[name])}
      onChange={(value) => change({ [name]: value })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (parsed.ok) onDone(parsed.rule);
      }}
    >
      <TextField
        label="Name"
        value={draft.name}
        maxLength={80}
        onChange={(name) => change({ name })}
        hint="For people, e.g. what it spares."
      />
      <fieldset className={styles.kinds}>
        <legend className={text.strong}>Which events</legend>
        {Object.entries(eventKinds).map(([kind, actions]) => (
          <KindField
            key={kind}
            kind={kind as EventKind}
            actions={actions}
            chosen={draft.actions}
            onChange={(chosen) => change({ actions: chosen })}
          />
        ))}
      </fieldset>
      <div className={styles.fields}>
        <SelectField
          label="What becomes of them"
          value={draft.deed}
          options={[
            { value: 'leave-out', label: 'Left out, and counted as such' },
            { value: 'share', label: 'Recorded of a share of processes' },
            { value: 'record', label: 'Recorded' },
          ]}
          onChange={(deed) => change({ deed })}
        />
        {draft.deed === 'share' ? (
          <TextField
            label="Share of processes, %"
            value={draft.share}
            inputMode="decimal"
            onChange={(share) => change({ share })}
            hint="Events of one process stay together."
          />
        ) : null}
        {draft.deed === 'leave-out' ? null : (
          <TextField
            label="Events a second, for each workload"
            value={draft.perSecond}
            inputMode="numeric"
            onChange={(perSecond) => change({ perSecond })}
            hint="What is more is lost, and counted. Empty: no limit."
          />
        )}
      </div>
      <p className={text.muted}>
        Of what: everything that is filled in must hold. One pattern a line; * stands for any text, ? for one character.
        In paths they stop at a slash, and ** does not.
      </p>
      <div className={styles.fields}>
        <SelectField
          label="Where"
          value={draft.where}
          options={[
            { value: 'anywhere', label: 'Everywhere' },
            { value: 'host', label: 'The host itself, no containers' },
            { value: 'containers', label: 'Containers' },
          ]}
          onChange={(where) => change({ where })}
        />
        {lines('hosts', 'Hosts with these labels', 'name=value, several values with commas. Empty: all hosts.')}
        {lines('images', 'Images of containers', 'With their tag, as they were started: registry.example/shop/*:2.*')}
        {lines('namespaces', 'Kubernetes namespaces', 'E.g. kube-*')}
        {lines('labels', 'Labels of containers', 'name=value, several values with commas.')}
        {lines('programs', 'Programs', 'Paths of the file that runs, e.g. /usr/lib/nagios/**')}
        {lines('paths', 'Files', 'For events of files, e.g. /var/log/**')}
        {lines('addresses', 'Other end of a connection', 'Addresses or blocks, e.g. 10.0.0.0/8')}
        <TextField
          label="Ports of the server"
          hint="E.g. 53, 8000-8999"
          mono
          value={draft.ports}
          onChange={(ports) => change({ ports })}
        />
      </div>
      {tried && !parsed.ok ? (
        <p role="alert" className={styles.problem}>
          {parsed.problem}
        </p>
      ) : null}
      <ModalActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary">
          {rule === undefined ? 'Add' : 'Change'}
        </Button>
      </ModalActions>
    </form>
  );
};

type KindFieldProps = {
  readonly kind: EventKind;
  readonly actions: readonly EventAction[];
  readonly chosen: readonly EventAction[];
  readonly onChange: (chosen: readonly EventAction[]) => void;
};

const KindField = ({ kind, actions, chosen, onChange }: KindFieldProps) => (
  <div className={styles.kind}>
    <span className={text.muted}>{kindLabels[kind]}</span>
    <div>
      {actions.map((action) => (
        <CheckField
          key={action}
          label={action}
          checked={chosen.includes(action)}
          onChange={(checked) => onChange(checked ? [...chosen, action] : chosen.filter((each) => each !== action))}
        />
      ))}
    </div>
  </div>
);
