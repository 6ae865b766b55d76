import {
  type FieldName,
  formatMicroseconds,
  type HuntEvent,
  telemetryFields,
  visibleText,
  whatOf,
} from '@parapet/contract/api';
import type { ReactNode } from 'react';
import { useMemo } from 'react';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import text from '../../components/text.module.css';
import { readerZone } from '../../lib/format.ts';
import { usePanel } from '../../lib/view-state.ts';
import styles from './hunt.module.css';
import type { HuntColumn } from './hunt-search.ts';
import { valuesOf } from './pivot.ts';
import { PivotText, usePivotMenu } from './pivot-menu.tsx';
import { idOf } from './use-events.ts';

type EventsTableProps = {
  readonly rows: readonly HuntEvent[];
  readonly columns: readonly HuntColumn[];
  readonly onEnd?: (() => void) | undefined;
  readonly foot?: ReactNode;
};

/** Events as lines; a value in a column can be hunted for, the rest of a line opens the event. */
export const EventsTable = ({ rows, columns, onEnd, foot }: EventsTableProps) => {
  const panel = usePanel();
  const { open, menu } = usePivotMenu();
  const shown = useMemo(
    () => [timeColumn, shortTimeColumn, ...columns.flatMap((name) => columnsFor(name, columns, open))],
    [columns, open],
  );
  return (
    <>
      <DataTable
        label="Events"
        columns={shown}
        rows={rows}
        rowKey={idOf}
        look={(event) => ({ current: panel.target?.kind === 'event' && panel.target.id === idOf(event) })}
        onOpen={(event) => panel.open({ kind: 'event', id: idOf(event) })}
        onEnd={onEnd}
        foot={foot}
      />
      {menu}
    </>
  );
};

/** A table narrower than this has a time and what happened, with the other columns in a line under it. */
const narrowPx = 480;

const clock = new Intl.DateTimeFormat('en-GB', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric' });
const second = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const timeColumn: Column<HuntEvent> = {
  id: '@timestamp',
  header: `Time, ${readerZone}`,
  width: 'minmax(92px, 142px)',
  from: narrowPx,
  cell: (event) => <At event={event} format={clock} />,
};

/** On a narrow page the day stands above the time, so that what happened has the room. */
const shortTimeColumn: Column<HuntEvent> = {
  ...{ id: 'short-time', header: 'Time', width: '62px', until: narrowPx },
  cell: (event) => (
    <>
      <span className={styles.day}>{day.format(Number(event['@timestamp']) / 1000)}</span>
      <At event={event} format={second} />
    </>
  ),
};

const At = ({ event, format }: { readonly event: HuntEvent; readonly format: Intl.DateTimeFormat }) => {
  const at = Number(event['@timestamp']);
  return (
    <time className={styles.time} dateTime={formatMicroseconds(at)} title={formatMicroseconds(at)}>
      {format.format(at / 1000)}
    </time>
  );
};

/** Below these widths of the table, in pixels, a column gives way, so that what happened can be read. */
const roomFor: Readonly<Partial<Record<HuntColumn, number>>> = {
  'event.action': narrowPx,
  'host.name': 600,
  'container.name': 900,
  'process.name': 700,
};

type Open = ReturnType<typeof usePivotMenu>['open'];

/** What a column is on a wide page and on a narrow one. */
const columnsFor = (name: HuntColumn, all: readonly HuntColumn[], open: Open): readonly Column<HuntEvent>[] => {
  if (name !== 'what') return [fieldColumn(name, open)];
  const hidden = all.filter((each) => each !== 'what' && roomFor[each] !== undefined) as readonly FieldName[];
  return [
    {
      ...{ id: 'what', header: 'What', width: 'minmax(150px, 4fr)', from: narrowPx },
      cell: (event) => <span className={styles.what}>{visibleText(whatOf(event))}</span>,
    },
    {
      ...{ id: 'short-what', header: 'What', width: 'minmax(0, 1fr)', until: narrowPx },
      cell: (event) => (
        <>
          <span className={styles.wrapped}>{visibleText(whatOf(event))}</span>
          <span className={text.minor}>{besideWhat(event, hidden)}</span>
        </>
      ),
    },
  ];
};

/** The columns for which there is no room, the action first. */
const besideWhat = (event: HuntEvent, names: readonly FieldName[]): string =>
  [...names]
    .sort((a, b) => Number(b === 'event.action') - Number(a === 'event.action'))
    .map((name) => visibleText(valuesOf(event, name).join(' ')))
    .filter(Boolean)
    .join(' · ');

const fieldColumn = (name: FieldName, open: Open): Column<HuntEvent> => ({
  id: name,
  header: headerOf(name),
  width: telemetryFields[name].type === 'number' ? 'minmax(60px, 0.6fr)' : 'minmax(86px, 1fr)',
  ...(roomFor[name] === undefined ? {} : { from: roomFor[name] }),
  cell: (event) => <Cell event={event} name={name} open={open} />,
});

const Cell = ({ event, name, open }: { readonly event: HuntEvent; readonly name: FieldName; readonly open: Open }) => {
  const values = valuesOf(event, name);
  const [value] = values;
  if (value === undefined) return null;
  if (values.length > 1) return <span className={styles.what}>{visibleText(values.join(' '))}</span>;
  return (
    <span className={name === 'container.id' ? text.mono : undefined}>
      <PivotText field={name} value={value} onPivot={open} />
    </span>
  );
};

/** Short names for the columns of the beginning, the fields' own for the others. */
export const headerOf = (name: HuntColumn): string => shortNames[name] ?? name;

const shortNames: Readonly<Partial<Record<HuntColumn, string>>> = {
  'host.name': 'Host',
  'container.name': 'Container',
  'event.action': 'Action',
  'process.name': 'Process',
  'user.name': 'User',
  what: 'What',
};
