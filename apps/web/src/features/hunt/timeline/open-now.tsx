import { type LookedProcess, type OpenSocket, visibleText } from '@parapet/contract/api';
import { Button } from '../../../components/button.tsx';
import { KeyValues } from '../../../components/key-values.tsx';
import { Progress } from '../../../components/progress.tsx';
import { SimpleTable } from '../../../components/simple-table.tsx';
import { Failure } from '../../../components/states.tsx';
import text from '../../../components/text.module.css';
import { useApiMutation } from '../../../lib/api.ts';
import { formatMoment, plural } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import type { TimelineSubject } from '../../../lib/timeline-link.ts';
import styles from './timeline.module.css';

/** Asks the host's sensor what it has open at this moment: files, sockets, libraries. Each look is written down. */
export const OpenNow = ({ subject }: { readonly subject: TimelineSubject }) => {
  const look = useApiMutation('forensics.look');
  const now = useNow();
  const ask = (): void => look.mutate({ body: subject });
  return (
    <>
      <p className={text.actions}>
        <Button disabled={look.isPending} onClick={ask}>
          {look.data === undefined ? 'Look at it now' : 'Look again'}
        </Button>
        {look.isPending ? <Progress label="The sensor looks" share={undefined} /> : null}
        {look.data === undefined ? (
          <span className={text.muted}>
            Asks the sensor for open files, sockets and libraries. It is in the audit log.
          </span>
        ) : (
          <span className={text.muted}>
            As of {formatMoment(look.data.at, now)}, {plural(look.data.processes.length, 'process', 'processes')}
            {look.data.left === 0 ? '' : `; ${look.data.left} more were not looked at`}.
          </span>
        )}
      </p>
      {look.error === null ? null : <Failure what="It could not be looked at" error={look.error} retry={ask} />}
      {look.data?.processes.map((process) => (
        <OpenProcess key={process.id} process={process} alone={look.data.processes.length === 1} />
      ))}
    </>
  );
};

const OpenProcess = ({ process, alone }: { readonly process: LookedProcess; readonly alone: boolean }) => (
  <details className={styles.opened} open={alone}>
    <summary>
      <b>
        {visibleText(process.name)} {process.pid}
      </b>{' '}
      <span className={text.muted}>
        {plural(process.files.length, 'file')}, {plural(process.sockets.length, 'socket')},{' '}
        {plural(process.libraries.length, 'library', 'libraries')}
      </span>
    </summary>
    {process.limits.map((limit) => (
      <p key={limit} className={text.warn}>
        {limit}
      </p>
    ))}
    <KeyValues
      items={factsOf(process).map(([name, value]) => ({
        name,
        value: <span className={text.mono}>{visibleText(value)}</span>,
      }))}
    />
    {process.sockets.length === 0 ? null : (
      <SimpleTable
        label={`Sockets of ${visibleText(process.name)} ${process.pid}`}
        rows={process.sockets}
        rowKey={({ descriptor }) => String(descriptor)}
        columns={[
          { id: 'descriptor', header: 'Socket', cell: ({ descriptor }) => descriptor },
          { id: 'protocol', header: 'Protocol', cell: ({ protocol }) => protocol },
          { id: 'state', header: 'State', wideOnly: true, cell: ({ state }) => state ?? '' },
          {
            id: 'ends',
            header: 'From, to',
            cell: (socket) => <span className={text.mono}>{visibleText(endsOf(socket))}</span>,
          },
        ]}
      />
    )}
    {process.files.length === 0 ? null : (
      <SimpleTable
        label={`Open files of ${visibleText(process.name)} ${process.pid}`}
        rows={process.files}
        rowKey={({ descriptor }) => String(descriptor)}
        columns={[
          { id: 'descriptor', header: 'File', cell: ({ descriptor }) => descriptor },
          {
            id: 'path',
            header: 'What',
            cell: ({ path, deleted }) => (
              <span className={text.mono}>
                {visibleText(path)}
                {deleted === true ? <b className={text.warn}> deleted</b> : null}
              </span>
            ),
          },
          { id: 'access', header: 'Open to', cell: ({ access }) => access ?? '' },
        ]}
      />
    )}
    {process.libraries.length === 0 ? null : (
      <details>
        <summary>{plural(process.libraries.length, 'library', 'libraries')}</summary>
        <ul className={styles.libraries}>
          {process.libraries.map((path) => (
            <li key={path}>{visibleText(path)}</li>
          ))}
        </ul>
      </details>
    )}
  </details>
);

const factsOf = (process: LookedProcess): readonly (readonly [string, string])[] =>
  (
    [
      ['Runs', process.executable],
      ['Arguments', process.arguments.join(' ')],
      ['Folder', process.workingDirectory ?? ''],
      ['Root', process.root === '/' ? '' : (process.root ?? '')],
      ['User', process.userId === 0 ? 'root' : `uid ${process.userId}`],
      ['Capabilities', process.capabilities === '' ? 'none' : `0x${process.capabilities}`],
      ['Control group', process.cgroup ?? ''],
    ] as const
  ).filter(([, value]) => value !== '');

const endsOf = ({ localAddress, localPort, remoteAddress, remotePort, path }: OpenSocket): string => {
  if (localAddress === undefined) return path ?? '';
  const local = endOf(localAddress, localPort);
  return remoteAddress === undefined ? local : `${local} → ${endOf(remoteAddress, remotePort)}`;
};

const endOf = (address: string, port: number | undefined): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port ?? ''}`;
