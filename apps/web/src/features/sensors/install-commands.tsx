import { enrolmentKeyWord, type SensorArchitecture, type SensorDelivery } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Button } from '../../components/button.tsx';
import { CommandBlock } from '../../components/copy.tsx';
import { InlineError } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { formatBytes } from '../../lib/format.ts';
import styles from './sensors.module.css';

/** Where a sensor can run. */
export const places = [
  { id: 'linux', title: 'Linux host', text: 'A machine or VM, kernel 4.4 or newer. Sees its containers too.' },
  { id: 'docker', title: 'Docker host', text: 'The sensor as a container, beside the others.' },
  { id: 'compose', title: 'Docker Compose', text: 'The same container, described by a file of yours.' },
] as const;
export type Place = (typeof places)[number]['id'];

export const processors = [
  { value: 'x64', label: 'x86-64 (Intel, AMD)' },
  { value: 'arm64', label: 'ARM64' },
] as const;

const kindOf = (place: Place) => (place === 'linux' ? 'archive' : 'image');

/** What the host will fetch is made once for each version of the console; until it is, this says how far that is. */
export const useSensorPackage = (place: Place, architecture: SensorArchitecture) => {
  const kind = kindOf(place);
  const { data } = useQuery({
    ...apiQuery('sensorDelivery.get'),
    refetchInterval: ({ state }) => (stateOf(state.data, place, architecture)?.state === 'ready' ? false : 1000),
  });
  const found = stateOf(data, place, architecture);
  const make = useApiMutation('sensorDelivery.make');
  const begin = make.mutate;
  const isAbsent = found?.state === 'absent';
  useEffect(() => {
    if (isAbsent) begin({ body: { kind, architecture } });
  }, [isAbsent, begin, kind, architecture]);
  return { delivery: data, found, error: make.error, retry: () => begin({ body: { kind, architecture } }) };
};

const stateOf = (data: SensorDelivery | undefined, place: Place, architecture: SensorArchitecture) =>
  data?.packages.find((each) => each.kind === kindOf(place) && each.architecture === architecture);

/** The commands for one place with the key in them, or what is still awaited. */
export const InstallCommands = ({
  place,
  architecture,
  secret,
}: {
  readonly place: Place;
  readonly architecture: SensorArchitecture;
  readonly secret: string;
}) => {
  const { delivery, found, error, retry } = useSensorPackage(place, architecture);
  if (found?.state === 'failed') {
    return (
      <div role="alert">
        <p>
          The sensor for {architecture} could not be made. {found.problem}
        </p>
        <Button onClick={retry}>Try again</Button>
      </div>
    );
  }
  if (found?.state !== 'ready' || delivery === undefined) {
    return (
      <>
        <p className={styles.waiting} role="status">
          <span className={styles.pulse} aria-hidden />
          Packing the sensor for {architecture}, once for each version of the console: some ten seconds, longer when it
          must be fetched first
        </p>
        <InlineError error={error} />
      </>
    );
  }
  const withKey = (command: string | undefined): string => (command ?? '').replaceAll(enrolmentKeyWord, secret);
  const { commands } = delivery;
  return (
    <>
      {place === 'compose' ? (
        <>
          <p className={text.note}>1. Load the image on the host:</p>
          <CommandBlock commands={[withKey(commands.composeLoad)]} label="Command that loads the image" />
          <p className={text.note}>2. Save this as compose.yaml, or put it into yours:</p>
          <CommandBlock commands={[(commands.composeFile ?? '').trimEnd()]} label="Compose file" />
          <p className={text.note}>3. Start it, the first time with the key:</p>
          <CommandBlock commands={[withKey(commands.composeUp)]} label="Command that starts the container" />
        </>
      ) : (
        <CommandBlock
          commands={[withKey(place === 'linux' ? commands.linux : commands.docker)]}
          label="Command to run on the host"
        />
      )}
      <p className={text.note}>
        The host fetches {formatBytes(found.sizeBytes ?? 0)} from this console.{' '}
        {found.libc === undefined
          ? 'It uses the host’s libraries: glibc 2.28 or newer, libstdc++ and libatomic.'
          : 'It brings its own C library: nothing else has to be installed there.'}
      </p>
    </>
  );
};

/** In plain words, what the commands do on the host and how that is undone. */
export const WhatItDoes = ({ place, authorityPin }: { readonly place: Place; readonly authorityPin: string }) => (
  <ol className={styles.steps}>
    <li>
      Fetch a script from this console and compare its hash with the one in the command. When it is another one, nothing
      is run.{' '}
      {place === 'linux' && 'A host that cannot fetch it, such as one with BusyBox alone, says what to copy there.'}
    </li>
    <li>
      {place === 'linux'
        ? 'Fetch the sensor, compare its hash too, unpack it below /opt/parapet-sensor and let systemd or OpenRC start it. Settings go to /etc/parapet, its identity to /var/lib/parapet.'
        : 'Fetch the image, compare its hash too, load it into Docker and run it as the container parapet-sensor, which sees the host’s files (read-only), processes and network.'}
    </li>
    <li>
      Enrol: check that it talks to this console and nobody else, whose public key must be{' '}
      <code className={styles.pin}>{authorityPin}</code>, and get a certificate for this one host.
    </li>
    <li>
      List what runs: processes, listening ports, connections, packages, containers and images. It keeps itself to about
      60 MB of memory and 0.02 core, and says here what it could not see.
    </li>
    <li>
      {place === 'linux' ? (
        <>
          To remove it: <code>/opt/parapet-sensor/current/bin/parapet-sensor uninstall</code>
        </>
      ) : place === 'docker' ? (
        <>
          To remove it: the same command with <code>--uninstall</code> after the word parapet
        </>
      ) : (
        <>
          To remove it: <code>docker compose down --volumes</code>
        </>
      )}
    </li>
  </ol>
);
