import type { FindingSummary } from '@parapet/contract/api';
import { ChevronRight } from 'lucide-react';
import { PanelLink } from '../../components/any-link.tsx';
import type { Column } from '../../components/columns.ts';
import { CopyButton } from '../../components/copy.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { Time } from '../../components/time.tsx';
import { formatCount, formatShare, plural } from '../../lib/format.ts';
import { exposureNames, useNames } from '../../lib/words.ts';
import type { Grouping } from './filters.ts';
import styles from './findings.module.css';
import type { FindingRow } from './rows.ts';
import { isSelected, type Selection } from './selection.ts';

type ColumnsInput = {
  readonly by: Grouping;
  readonly selection: Selection;
  readonly onSelect: ((row: FindingRow) => void) | undefined;
  readonly onToggle: (groupKey: string) => void;
};

const titles: Readonly<Record<Grouping, string>> = {
  fix: 'Fix',
  vulnerability: 'Vulnerability',
  asset: 'Asset',
  package: 'Package',
  none: 'Finding',
};

/** One table for every grouping: groups and findings share the columns. */
export const findingColumns = ({ by, selection, onSelect, onToggle }: ColumnsInput): readonly Column<FindingRow>[] => [
  ...(onSelect === undefined
    ? []
    : [
        {
          id: 'select',
          header: 'Select',
          hiddenHeader: true,
          width: '16px',
          from: 520,
          cell: (row: FindingRow) => <SelectBox row={row} selection={selection} onSelect={onSelect} />,
        },
      ]),
  {
    id: 'severity',
    header: 'Severity',
    hiddenHeader: true,
    width: by === 'none' ? '18px' : '40px',
    cell: (row) => <Lead row={row} onToggle={onToggle} />,
  },
  { id: 'title', header: titles[by], width: 'minmax(0, 1fr)', cell: (row) => <Title row={row} by={by} /> },
  {
    id: 'closes',
    header: by === 'none' ? 'Seen' : 'Closes',
    width: '128px',
    from: 860,
    cell: (row) => <Closes row={row} />,
  },
  { id: 'context', header: 'Exposed, in use', width: '132px', from: 1020, cell: (row) => <Context row={row} /> },
  { id: 'risk', header: 'Risk', width: '76px', cell: (row) => <RiskCell row={row} /> },
  { id: 'since', header: 'Since', width: '74px', align: 'end', from: 700, cell: (row) => <Since row={row} /> },
];

type SelectBoxProps = {
  readonly row: FindingRow;
  readonly selection: Selection;
  readonly onSelect: (row: FindingRow) => void;
};

const SelectBox = ({ row, selection, onSelect }: SelectBoxProps) =>
  row.kind === 'note' ? null : (
    <label className={styles.pick}>
      <input
        type="checkbox"
        tabIndex={-1}
        className={styles.box}
        aria-label={`Select ${row.kind === 'group' ? row.group.title : row.finding.vulnerability}`}
        checked={isSelected(selection, row)}
        onChange={() => onSelect(row)}
      />
    </label>
  );

const Lead = ({ row, onToggle }: { readonly row: FindingRow; readonly onToggle: (key: string) => void }) => {
  if (row.kind === 'note') return null;
  if (row.kind === 'finding') {
    return (
      <span className={row.groupKey === undefined ? '' : styles.indent}>
        <SeverityMark severity={row.finding.severity} size={row.groupKey === undefined ? 16 : 13} />
      </span>
    );
  }
  return (
    <span className={styles.lead}>
      <button
        type="button"
        tabIndex={-1}
        className={styles.expander}
        aria-label={row.expanded ? 'Close' : 'Open'}
        data-open={row.expanded}
        onClick={() => onToggle(row.group.key)}
      >
        <ChevronRight size={14} aria-hidden />
      </button>
      <SeverityMark severity={row.group.severity} />
    </span>
  );
};

const Title = ({ row, by }: { readonly row: FindingRow; readonly by: Grouping }) => {
  if (row.kind === 'note') return null;
  if (row.kind === 'group') {
    return (
      <div>
        <div className={styles.title}>{row.group.title}</div>
        <div className={styles.detail}>
          <span>{row.group.detail}</span>
          {row.group.command === undefined ? null : (
            <span className={styles.command}>
              <code>{row.group.command}</code>
              <CopyButton text={row.group.command} label="Copy the command" />
            </span>
          )}
        </div>
      </div>
    );
  }
  const { finding } = row;
  const inGroup = row.groupKey !== undefined;
  return (
    <div className={inGroup ? styles.member : ''}>
      <PanelLink target={{ kind: 'finding', id: finding.id }} className={styles.title}>
        {inGroup ? memberTitle(row, by) : finding.title}
      </PanelLink>
      {finding.kev ? <span className={styles.badge}>exploited now</span> : null}
      {finding.status === 'open' ? null : <span className={styles.plainBadge}>{finding.status}</span>}
      {inGroup ? null : (
        <div className={styles.detail}>
          <span>{packageWords(finding.package)}</span>
          <span>{finding.fixedVersion === undefined ? 'No fix yet' : `Fixed in ${finding.fixedVersion}`}</span>
          {finding.cvssScore === undefined ? null : <span>CVSS {finding.cvssScore}</span>}
          {finding.epss === undefined ? null : <span>EPSS {formatShare(finding.epss)}</span>}
        </div>
      )}
    </div>
  );
};

/** E.g. `npm in /app/package-lock.json, for development`. */
const packageWords = ({ type, location, evidence, scope }: FindingSummary['package']): string =>
  [
    `${type}${location === undefined ? '' : ` ${evidence === undefined ? 'in' : evidenceWords[evidence]} ${location}`}`,
    ...(scope === undefined || scope === 'optional' ? [] : ['not needed to run']),
  ].join(', ');

const evidenceWords = {
  installed: 'in',
  locked: 'locked by',
  declared: 'asked for by',
  binary: 'compiled into',
} as const;

/** Under a group only what differs is said. */
const memberTitle = (row: FindingRow & { kind: 'finding' }, by: Grouping): string => {
  const { finding } = row;
  if (by === 'asset') return `${finding.vulnerability} in ${finding.package.name} ${finding.package.version}`;
  if (by === 'vulnerability') return `${finding.asset.name}, ${finding.package.name} ${finding.package.version}`;
  if (by === 'package') return `${finding.vulnerability} on ${finding.asset.name}`;
  return `${finding.vulnerability} in ${finding.package.name} on ${finding.asset.name}`;
};

const Closes = ({ row }: { readonly row: FindingRow }) => {
  if (row.kind === 'note') return null;
  if (row.kind === 'group') {
    return (
      <span>
        {formatCount(row.group.findings)} on {plural(row.group.assets, 'asset')}
      </span>
    );
  }
  const { instances, asset } = row.finding;
  return (
    <span className={styles.muted}>
      {asset.kind === 'image' ? plural(instances, 'container') : asset.kind === 'upload' ? 'uploaded' : asset.kind}
    </span>
  );
};

const Context = ({ row }: { readonly row: FindingRow }) => {
  if (row.kind !== 'finding') return null;
  return (
    <span className={styles.muted}>
      {exposureNames[row.finding.exposure]}
      <br />
      {useNames[row.finding.use]}
    </span>
  );
};

const RiskCell = ({ row }: { readonly row: FindingRow }) => {
  if (row.kind === 'note') return null;
  const { risk, bars } = row.kind === 'group' ? row.group : row.finding;
  return <RiskScore risk={risk} bars={bars} />;
};

const Since = ({ row }: { readonly row: FindingRow }) =>
  row.kind === 'note' ? null : (
    <Time className={styles.muted} at={row.kind === 'group' ? row.group.firstSeenAt : row.finding.firstSeenAt} />
  );
