import {
  type EdgeItem,
  type ForensicPeer,
  type ForensicProcess,
  type Forensics,
  type Life,
  visibleText,
} from '@parapet/contract/api';
import { useNavigate } from '@tanstack/react-router';
import { ArrowLeft, ArrowRight } from 'lucide-react';
import { useMemo } from 'react';
import { AnyLink, PanelLink } from '../../../components/any-link.tsx';
import { SimpleTable } from '../../../components/simple-table.tsx';
import text from '../../../components/text.module.css';
import { formatBytes, formatCount, formatSecond, plural } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { timelineLink } from '../../../lib/timeline-link.ts';
import type { Span } from '../hunt-search.ts';
import { LivesTable } from '../lives-table.tsx';
import { huntLink, narrowedBy } from './hunt-link.ts';
import styles from './timeline.module.css';

type ListProps = { readonly forensics: Forensics; readonly span: Span };

/** Processes below it, each with its life; one that is opened shows its own timeline. */
export const StartedList = ({ forensics, span }: ListProps) => {
  const navigate = useNavigate();
  const { processes, subject } = forensics;
  const lives = useMemo(() => processes.map((process) => lifeOf(process, subject)), [processes, subject]);
  if (lives.length === 0)
    return (
      <p className={text.muted}>
        {subject.kind === 'process'
          ? 'It started no process in what was seen of this time.'
          : 'No process of it was seen in this time.'}
      </p>
    );
  return (
    <div className={styles.table} style={{ '--rows': lives.length } as React.CSSProperties}>
      <LivesTable
        lives={lives}
        span={span}
        onOpen={({ key }) => void navigate({ href: timelineLink({ hostId: subject.hostId, process: key }, span) })}
      />
    </div>
  );
};

const lifeOf = (process: ForensicProcess, subject: Forensics['subject']): Life => ({
  key: process.id,
  name: process.name,
  pid: process.pid,
  commands: [...(process.ranBefore ?? []), process.commandLine ?? process.executable ?? ''].filter(Boolean),
  host: subject.hostName,
  ...(subject.containerName === undefined ? {} : { container: subject.containerName }),
  ...(process.user === undefined ? {} : { user: process.user }),
  ...(process.parentId === undefined ? {} : { parent: process.parentId }),
  ...(process.startedAt === undefined ? {} : { startedAt: Date.parse(process.startedAt) * 1000 }),
  ...(process.endedAt === undefined ? {} : { endedAt: Date.parse(process.endedAt) * 1000 }),
  ...(process.exitCode === undefined ? {} : { exitCode: process.exitCode }),
});

/** Whom its connections name; an address hunts for what it had to do with it. */
export const PeerList = ({ forensics, span }: ListProps) => {
  const now = useNow();
  const { peers, hunt } = forensics;
  if (peers.length === 0) return <p className={text.muted}>No connection of it was recorded in this time.</p>;
  return (
    <SimpleTable
      label="Whom it talked to"
      rows={peers}
      rowKey={(peer) => `${peer.direction}${peer.address}${peer.port}${peer.transport}`}
      columns={[
        {
          id: 'direction',
          header: 'Direction',
          ...{ hiddenHeader: true, tight: true },
          cell: (peer) => <Arrow out={peer.direction === 'egress'} />,
        },
        {
          id: 'address',
          header: 'Who',
          cell: (peer) => (
            <AnyLink to={huntLink(huntOfPeer(hunt, peer), span)} className={`${text.link} ${text.mono}`}>
              {visibleText(peer.address)}
            </AnyLink>
          ),
        },
        { id: 'port', header: 'Port', cell: (peer) => `${peer.transport} ${peer.port ?? ''}` },
        {
          id: 'connections',
          header: 'Connections',
          align: 'end',
          cell: (peer) => (
            <>
              {formatCount(peer.connections)}
              {peer.failures === 0 ? null : <div className={text.minor}>{plural(peer.failures, 'failure')}</div>}
            </>
          ),
        },
        {
          id: 'bytes',
          header: 'Sent, received',
          align: 'end',
          wideOnly: true,
          cell: (peer) => `${formatBytes(peer.bytesSent)}, ${formatBytes(peer.bytesReceived)}`,
        },
        {
          id: 'when',
          header: 'First, last',
          align: 'end',
          wideOnly: true,
          cell: (peer) => betweenOf(peer, now),
        },
      ]}
    />
  );
};

const huntOfPeer = (hunt: string, { direction, address, port }: ForensicPeer): string =>
  narrowedBy(hunt, [
    [direction === 'egress' ? 'destination.ip' : 'source.ip', address],
    ...(port === undefined ? [] : [['destination.port', port] as const]),
  ]);

/** Files that its events name; a path hunts for what was done to it. */
export const FileList = ({ forensics, span }: ListProps) => {
  const now = useNow();
  const { files, hunt } = forensics;
  if (files.length === 0) return <p className={text.muted}>No change of a file by it was recorded in this time.</p>;
  return (
    <SimpleTable
      label="Files it touched"
      rows={files}
      rowKey={({ path }) => path}
      columns={[
        {
          id: 'path',
          header: 'File',
          cell: ({ path }) => (
            <AnyLink
              to={huntLink(narrowedBy(hunt, [['file.path', path]]), span)}
              className={`${text.link} ${text.mono}`}
            >
              {visibleText(path)}
            </AnyLink>
          ),
        },
        {
          id: 'actions',
          header: 'What was done',
          cell: ({ actions }) => actions.map(({ action, count }) => `${action} ${formatCount(count)}`).join(', '),
        },
        {
          id: 'when',
          header: 'First, last',
          align: 'end',
          wideOnly: true,
          cell: (file) => betweenOf(file, now),
        },
      ]}
    />
  );
};

/** What the map knows of its container or program. */
export const MapList = ({ forensics }: { readonly forensics: Forensics }) => {
  const { edges, subject } = forensics;
  const ownId = subject.containerId ?? subject.hostId;
  if (edges.length === 0) return <p className={text.muted}>The map knows no connection of it in this time.</p>;
  return (
    <>
      {subject.kind === 'container' ? null : (
        <p className={text.muted}>
          {subject.containerId === undefined
            ? 'Of its program on this host, which other processes of the same program share.'
            : 'Of its container: the map does not tell the programs in it apart.'}
        </p>
      )}
      <SimpleTable
        label="On the map"
        rows={edges}
        rowKey={({ id }) => id}
        columns={[
          {
            id: 'direction',
            header: 'Direction',
            ...{ hiddenHeader: true, tight: true },
            cell: (edge) => <Arrow out={edge.source.id === ownId} />,
          },
          { id: 'who', header: 'Who', cell: (edge) => <EdgePeer edge={edge} ownId={ownId} /> },
          { id: 'port', header: 'Port', cell: (edge) => `${edge.protocol} ${edge.port}` },
          { id: 'connections', header: 'Connections', align: 'end', cell: (edge) => formatCount(edge.connections) },
        ]}
      />
    </>
  );
};

const EdgePeer = ({ edge, ownId }: { readonly edge: EdgeItem; readonly ownId: string }) => {
  const peer = edge.source.id === ownId ? edge.target : edge.source;
  return peer.id === undefined ? (
    visibleText(peer.name)
  ) : (
    <PanelLink target={{ kind: 'asset', id: peer.id }} className={text.link}>
      {visibleText(peer.name)}
    </PanelLink>
  );
};

type Between = { readonly firstAt: string; readonly lastAt: string };

const betweenOf = ({ firstAt, lastAt }: Between, now: number): string =>
  [...new Set([formatSecond(firstAt, now), formatSecond(lastAt, now)])].join(' to ');

const Arrow = ({ out }: { readonly out: boolean }) =>
  out ? <ArrowRight size={14} role="img" aria-label="to" /> : <ArrowLeft size={14} role="img" aria-label="from" />;
