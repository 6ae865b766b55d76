import type { Scan } from '@parapet/contract/api';
import { PanelLink } from '../../components/any-link.tsx';
import { AssetIcon } from '../../components/asset-mark.tsx';
import { Button } from '../../components/button.tsx';
import type { Column } from '../../components/columns.ts';
import { ScanStateText } from '../../components/scan-state.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { formatSpan, plural } from '../../lib/format.ts';

export type ScanActs = { readonly cancel: (scan: Scan) => void; readonly again: (scan: Scan) => void };

/** The columns of the scans; with ways to cancel and to ask again for who may. */
export const scanColumns = (acts: ScanActs | undefined): readonly Column<Scan>[] => [
  {
    id: 'kind',
    header: 'Kind',
    hiddenHeader: true,
    width: '18px',
    cell: (scan) => <AssetIcon kind={scan.asset.kind} />,
  },
  {
    id: 'asset',
    header: 'Asset',
    width: 'minmax(0, 1.2fr)',
    cell: (scan) => (
      <>
        <PanelLink target={{ kind: 'asset', id: scan.asset.id }} className={text.name}>
          {scan.asset.name}
        </PanelLink>
        {scan.host.name === scan.asset.name ? null : <div className={text.minor}>on {scan.host.name}</div>}
      </>
    ),
  },
  { id: 'state', header: 'State', width: '140px', from: 460, cell: (scan) => <ScanStateText scan={scan} /> },
  { id: 'short-state', header: 'State', width: '96px', until: 460, cell: (scan) => <ScanStateText scan={scan} /> },
  {
    id: 'result',
    header: 'Result',
    width: 'minmax(0, 1.4fr)',
    from: 620,
    cell: (scan) => <Result scan={scan} />,
  },
  {
    id: 'why',
    header: 'Why',
    width: '130px',
    from: 860,
    cell: (scan) => <span className={text.muted}>{causeOf(scan)}</span>,
  },
  {
    id: 'took',
    header: 'Took',
    width: '60px',
    align: 'end',
    from: 900,
    cell: (scan) => <span className={text.muted}>{tookOf(scan)}</span>,
  },
  {
    id: 'when',
    header: 'When',
    width: '84px',
    align: 'end',
    from: 460,
    cell: (scan) => <Time at={scan.endedAt ?? scan.startedAt ?? scan.createdAt} className={text.muted} />,
  },
  ...(acts === undefined
    ? []
    : [
        {
          id: 'act',
          header: 'What to do',
          hiddenHeader: true,
          width: '88px',
          align: 'end' as const,
          from: 700,
          cell: (scan: Scan) =>
            isUnderWay(scan) ? (
              <Button
                small
                look="quiet"
                onClick={() => acts.cancel(scan)}
                aria-label={`Cancel the scan of ${scan.asset.name}`}
              >
                Cancel
              </Button>
            ) : mayRepeat(scan) ? (
              <Button small look="quiet" onClick={() => acts.again(scan)} aria-label={`Scan again: ${scan.asset.name}`}>
                Scan again
              </Button>
            ) : null,
        },
      ]),
];

const Result = ({ scan }: { readonly scan: Scan }) => {
  if (scan.message !== undefined)
    return <span className={scan.state === 'failed' ? text.bad : ''}>{scan.message}</span>;
  if (scan.packages === undefined) return null;
  return (
    <span>
      {plural(scan.packages, 'package')}, {plural(scan.findings ?? 0, 'finding')}
    </span>
  );
};

const causeOf = (scan: Scan): string => {
  switch (scan.cause) {
    case 'new':
      return 'first seen';
    case 'changed':
      return 'it changed';
    case 'schedule':
      return 'on schedule';
    case 'person':
      return scan.requestedBy === undefined ? 'asked for' : `asked by ${scan.requestedBy}`;
  }
};

const tookOf = (scan: Scan): string =>
  scan.startedAt === undefined || scan.endedAt === undefined
    ? ''
    : formatSpan(Math.max(0, Date.parse(scan.endedAt) - Date.parse(scan.startedAt)));

/** What did not end well can be asked for at once, without waiting for its next try. */
const mayRepeat = (scan: Scan): boolean => ['partial', 'failed', 'cancelled', 'expired'].includes(scan.state);

export const isUnderWay = (scan: Scan): boolean => ['waiting', 'sent', 'running'].includes(scan.state);
