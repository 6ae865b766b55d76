import type { Overview } from '@parapet/contract/api';
import { Check, X } from 'lucide-react';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass, IconButton } from '../../components/button.tsx';
import { useSession } from '../../lib/session.ts';
import styles from './overview.module.css';

const texts = {
  'add-host': {
    title: 'Add a host',
    text: 'One command on the host. It shows what runs there and who talks to whom within seconds.',
    act: 'Add a host',
    to: '/sensors/add',
    needs: 'sensors:write',
  },
  'get-feeds': {
    title: 'Get feeds',
    text: 'Advisories, the list of what is exploited now, and the likelihood of exploits, from their publishers or a file.',
    act: 'Get feeds',
    to: '/settings/feeds',
    needs: 'feeds:write',
  },
} as const;

const mapStep = {
  title: 'Look at the map',
  text: 'Every host with a sensor is on it, this machine too when its own runs. Open one to see its containers and processes.',
  act: 'Open the map',
  to: '/map',
} as const;

/** Three steps offered at the start, not forced. */
export const FirstSteps = ({ steps }: { readonly steps: Overview['steps'] }) => {
  const [dismissed, setDismissed] = useState(readDismissed);
  const { permissions } = useSession();
  const mine = steps.filter(({ id }) => permissions.includes(texts[id].needs));
  if (dismissed || mine.every((step) => step.done)) return null;
  const next = mine.find((step) => step.id === 'get-feeds' && !step.done) ?? mine.find((step) => !step.done);
  const dismiss = (): void => {
    setDismissed(true);
    writeDismissed();
  };
  return (
    <section className={styles.steps} aria-label="First steps">
      {mine.map((step, index) => (
        <Step key={step.id} number={index + 1} done={step.done} first={step === next} text={texts[step.id]} />
      ))}
      <Step number={mine.length + 1} done={false} first={false} text={mapStep} />
      <span className={styles.dismiss}>
        <IconButton label="Do not offer these steps again" icon={<X size={15} aria-hidden />} onClick={dismiss} />
      </span>
    </section>
  );
};

type StepProps = {
  readonly number: number;
  readonly done: boolean;
  /** The one to take first. */
  readonly first: boolean;
  readonly text: { readonly title: string; readonly text: string; readonly act: string; readonly to: string };
};

const Step = ({ number, done, first, text }: StepProps) => (
  <div className={`${styles.step} ${done ? styles.done : ''}`}>
    <span className={styles.number}>{done ? <Check size={12} aria-label="Done" /> : number}</span>
    <h2>{text.title}</h2>
    <p>{text.text}</p>
    {done ? (
      <span className={styles.muted}>Done</span>
    ) : (
      <AnyLink to={text.to} className={buttonClass(first ? 'primary' : 'plain', true)}>
        {text.act}
      </AnyLink>
    )}
  </div>
);

const storageKey = 'parapet.first-steps-dismissed';

const readDismissed = (): boolean => {
  try {
    return localStorage.getItem(storageKey) === 'yes';
  } catch {
    return false;
  }
};

const writeDismissed = (): void => {
  try {
    localStorage.setItem(storageKey, 'yes');
  } catch {
    // Without storage the steps come back with the next visit.
  }
};
