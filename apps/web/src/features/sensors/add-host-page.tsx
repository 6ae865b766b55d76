import { SensorArchitecture } from '@parapet/contract/api';
import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, InlineError } from '../../components/states.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { parseLabels } from '../../lib/labels.ts';
import { useMay } from '../../lib/session.ts';
import { type Place, places, processors, useSensorPackage } from './install-commands.tsx';
import { type NewKey, RunCommand } from './run-command.tsx';
import styles from './sensors.module.css';

/** Adding a host: where, one command, then live until it is connected. */
export const AddHostPage = () => {
  const mayAdd = useMay('sensors:write');
  const [place, setPlace] = useState<Place>('linux');
  const [architecture, setArchitecture] = useState<SensorArchitecture>('x64');
  const [created, setCreated] = useState<NewKey>();
  return (
    <Page
      name="Add a host"
      title="Add a host"
      subline="A key is made, you run one command on the host, and it appears here within seconds."
    >
      {mayAdd ? (
        <div className={styles.flow}>
          <fieldset className={styles.places}>
            <legend className="visually-hidden">Where</legend>
            {places.map((each) => (
              <label key={each.id} className={styles.place} data-chosen={place === each.id}>
                <input
                  type="radio"
                  name="place"
                  className="visually-hidden"
                  checked={place === each.id}
                  onChange={() => setPlace(each.id)}
                />
                <b>{each.title}</b>
                <span>{each.text}</span>
              </label>
            ))}
          </fieldset>
          {created === undefined ? (
            <KeyForm
              place={place}
              architecture={architecture}
              onArchitecture={setArchitecture}
              onCreated={setCreated}
            />
          ) : (
            <RunCommand
              created={created}
              place={place}
              architecture={architecture}
              again={() => setCreated(undefined)}
            />
          )}
        </div>
      ) : (
        <Empty title="Only admins add hosts">Ask one of them for a key, or for the role.</Empty>
      )}
    </Page>
  );
};

type KeyFormProps = {
  readonly place: Place;
  readonly architecture: SensorArchitecture;
  readonly onArchitecture: (architecture: SensorArchitecture) => void;
  readonly onCreated: (created: NewKey) => void;
};

const KeyForm = ({ place, architecture, onArchitecture, onCreated }: KeyFormProps) => {
  // Begun while the form is filled in, so that the command is there when it is asked for.
  useSensorPackage(place, architecture);
  const [name, setName] = useState('new hosts');
  const [zone, setZone] = useState('default');
  const [labels, setLabels] = useState('');
  const [hours, setHours] = useState('24');
  const [uses, setUses] = useState('');
  const create = useApiMutation('enrolmentKeys.create', onCreated);
  const parsed = parseLabels(labels);
  const maxUses = Number(uses);
  const usesProblem = uses !== '' && !(Number.isInteger(maxUses) && maxUses >= 1 && maxUses <= 100_000);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!parsed.ok || usesProblem) return;
    create.mutate({
      body: { name, zone, labels: parsed.labels, expiresInHours: Number(hours), ...(uses === '' ? {} : { maxUses }) },
    });
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <TextField label="Name of the key" value={name} onChange={setName} required maxLength={128} />
      <div className={styles.pair}>
        <SelectField label="Good for" value={hours} options={lifetimes} onChange={setHours} />
        <TextField
          label="Hosts at most"
          value={uses}
          inputMode="numeric"
          placeholder="any number"
          onChange={setUses}
          error={usesProblem ? 'A whole number from 1 to 100,000, or nothing.' : undefined}
        />
      </div>
      <SelectField
        label="Processor of the host"
        value={architecture}
        options={processors}
        onChange={(value) => onArchitecture(SensorArchitecture.parse(value))}
      />
      <details className={styles.more}>
        <summary>Network zone and labels</summary>
        <TextField
          label="Network zone"
          value={zone}
          onChange={setZone}
          required
          maxLength={128}
          hint="Hosts whose private addresses mean the same machines share a zone, e.g. one VPC. Two networks that both use 10.0.0.0/24 need two zones."
        />
        <TextField
          label="Labels of these hosts"
          multiline
          mono
          value={labels}
          onChange={setLabels}
          placeholder={'env=production\nteam=shop'}
          error={parsed.ok ? undefined : parsed.problem}
        />
      </details>
      <InlineError error={create.error} />
      <Button type="submit" look="primary" disabled={create.isPending || !parsed.ok || usesProblem}>
        Make the command
      </Button>
    </form>
  );
};

const lifetimes = [
  { value: '1', label: 'An hour' },
  { value: '24', label: 'A day' },
  { value: '168', label: 'A week' },
  { value: '2160', label: '90 days' },
  { value: '8760', label: 'A year' },
];
