import type { ResultOf, Sensor, SensorArchitecture } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { Section } from '../../components/page.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { InstallCommands, type Place, WhatItDoes } from './install-commands.tsx';
import styles from './sensors.module.css';

export type NewKey = ResultOf<'enrolmentKeys.create'>;

type RunCommandProps = {
  readonly created: NewKey;
  readonly place: Place;
  readonly architecture: SensorArchitecture;
  readonly again: () => void;
};

/** The command, what it will do, and what has come of it so far. */
export const RunCommand = ({ created, place, architecture, again }: RunCommandProps) => (
  <div>
    <Section title="Run this on the host, as root or as one who may use sudo">
      <InstallCommands place={place} architecture={architecture} secret={created.secret} />
      <p className={text.note}>
        The key is shown now and never again. It is good until <Time at={created.key.expiresAt} />
        {created.key.maxUses === undefined ? '' : ` for ${plural(created.key.maxUses, 'host')}`}, and can do nothing but
        enrol.
      </p>
    </Section>
    <Section title="What it will do">
      <WhatItDoes place={place} authorityPin={created.authorityPin} />
    </Section>
    <Section title="Connected">
      <Arrivals since={created.key.createdAt} />
    </Section>
    <div className={text.actions}>
      <Button onClick={again}>Make another command</Button>
      <AnyLink to="/sensors" className={buttonClass('quiet')}>
        All sensors
      </AnyLink>
    </div>
  </div>
);

/** Waits for hosts that enrol from now on. */
const Arrivals = ({ since }: { readonly since: string }) => {
  const [begun] = useState(() => Date.parse(since) - 5000);
  const newest = { sort: 'enrolled', direction: 'down' } as const;
  const { data } = useQuery({ ...apiQuery('sensors.list', { query: newest }), refetchInterval: 2000 });
  const arrived = (data?.items ?? []).filter((sensor) => Date.parse(sensor.enrolledAt) >= begun);
  return (
    <div aria-live="polite">
      {arrived.map((sensor) => (
        <Arrival key={sensor.hostId} sensor={sensor} />
      ))}
      <p className={styles.waiting}>
        <span className={styles.pulse} aria-hidden />
        {arrived.length === 0 ? 'Waiting for the host to connect' : 'Waiting for more hosts'}
      </p>
    </div>
  );
};

/** What is known of a host so far: its system, its containers, its packages, its first findings. */
const Arrival = ({ sensor }: { readonly sensor: Sensor }) => {
  const { data: asset } = useQuery({
    ...apiQuery('assets.get', { params: { assetId: sensor.hostId } }),
    refetchInterval: 2000,
    retry: false,
  });
  const findings = asset === undefined ? 0 : Object.values(asset.findings).reduce((sum, count) => sum + count, 0);
  const parts = [
    asset?.distribution,
    asset === undefined || asset.containerCount === 0 ? undefined : plural(asset.containerCount, 'container'),
    asset === undefined || asset.packageCount === 0 ? 'reading packages…' : plural(asset.packageCount, 'package'),
    findings === 0 ? undefined : `first findings: ${findings.toLocaleString('en')}`,
  ].filter((part) => part !== undefined);
  return (
    <p className={styles.arrival}>
      <ToneMark tone={sensor.presence === 'online' ? 'ok' : 'warn'} />
      <AnyLink to={`/assets/${sensor.hostId}`} className={text.name}>
        {sensor.hostname}
      </AnyLink>
      <span className={text.muted}>{parts.join(', ')}</span>
    </p>
  );
};
