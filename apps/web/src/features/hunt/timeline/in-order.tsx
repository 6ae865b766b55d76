import type { Forensics } from '@parapet/contract/api';
import { AnyLink } from '../../../components/any-link.tsx';
import { Failure, Skeleton } from '../../../components/states.tsx';
import text from '../../../components/text.module.css';
import { formatCount } from '../../../lib/format.ts';
import { EventsTable } from '../events-table.tsx';
import type { HuntColumn, Span } from '../hunt-search.ts';
import { useEvents } from '../use-events.ts';
import { huntLink } from './hunt-link.ts';
import styles from './timeline.module.css';

type InOrderProps = { readonly forensics: Forensics; readonly span: Span };

const columns: readonly HuntColumn[] = ['event.action', 'process.name', 'what'];

/** What happened, the first event on top, as one tells it; a line opens the event. Of a process with what its children did. */
export const InOrder = ({ forensics, span }: InOrderProps) => {
  const hunt = huntWithChildren(forensics);
  const { rows, more, pending, error, refetch } = useEvents(hunt, span, true);
  if (error !== null && rows.length === 0)
    return <Failure what="The events could not be fetched" error={error} retry={refetch} />;
  if (pending) return <Skeleton label="events" lines={6} />;
  if (rows.length === 0) return <p className={text.muted}>No event of it was recorded in this time.</p>;
  return (
    <>
      {more ? (
        <p className={text.muted}>
          The last {formatCount(rows.length)} of this time; those before are{' '}
          <AnyLink to={huntLink(hunt, span)} className={text.link}>
            in Hunt
          </AnyLink>
          .
        </p>
      ) : null}
      <div className={styles.table} style={{ '--rows': rows.length } as React.CSSProperties}>
        <EventsTable rows={rows.toReversed()} columns={columns} />
      </div>
    </>
  );
};

const huntWithChildren = ({ hunt, subject }: Forensics): string =>
  subject.process === undefined
    ? hunt
    : `host.id = ${subject.hostId} and (process.entity_id = "${subject.process.id}" or process.parent.entity_id = "${subject.process.id}")`;
