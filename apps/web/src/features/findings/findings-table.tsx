import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { NewRows } from '../../components/new-rows.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { overviewQuery } from '../../lib/overview-query.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useMay } from '../../lib/session.ts';
import { usePanel, useSetSearch } from '../../lib/view-state.ts';
import { BulkBar } from './bulk-bar.tsx';
import { type FindingsSearch, filterOf, groupFilter, noFilters, setFilters } from './filters.ts';
import { findingColumns } from './finding-columns.tsx';
import styles from './findings.module.css';
import type { FindingRow } from './rows.ts';
import { nothingSelected, toggleRow } from './selection.ts';
import type { FindingRows } from './use-finding-rows.ts';

/** The findings for what the URL asks, with their bulk acts. */
export const FindingsTable = ({ search, data }: { readonly search: FindingsSearch; readonly data: FindingRows }) => {
  const by = search.by ?? 'fix';
  const mayWrite = useMay('findings:write');
  const panel = usePanel();
  const [selection, setSelection] = useState(nothingSelected);
  const select = useCallback((row: FindingRow) => setSelection((current) => toggleRow(current, row)), []);
  const { toggle } = data;
  const columns = useMemo(
    () => findingColumns({ by, selection, onSelect: mayWrite ? select : undefined, onToggle: toggle }),
    [by, selection, mayWrite, select, toggle],
  );
  if (data.error !== null && data.rows.length === 0) {
    return <Failure what="The findings could not be fetched" error={data.error} retry={data.refetch} />;
  }
  if (data.pending) return <Skeleton label="findings" lines={12} />;
  if (data.rows.length === 0) return <NoFindings search={search} />;
  const open = (row: FindingRow): void => {
    if (row.kind === 'group') toggle(row.group.key);
    else if (row.kind === 'finding') panel.open({ kind: 'finding', id: row.finding.id });
  };
  return (
    <>
      <NewRows steady={data.steady} />
      <DataTable
        label="Findings"
        columns={columns}
        rows={data.rows}
        rowKey={keyOf}
        look={(row) => ({
          tall: row.kind === 'group' || (row.kind === 'finding' && row.groupKey === undefined),
          level: row.kind === 'group' || (row.kind === 'finding' && row.groupKey === undefined) ? 1 : 2,
          expanded: row.kind === 'group' ? row.expanded : undefined,
          current: row.kind === 'finding' && panel.target?.kind === 'finding' && panel.target.id === row.finding.id,
        })}
        fullRow={(row) => (row.kind === 'note' ? <Note row={row} search={search} /> : undefined)}
        onOpen={open}
        onExpand={(row, expand) => {
          if (row.kind === 'group') toggle(row.group.key, expand);
        }}
        onSelect={select}
        onEnd={data.fetchMore}
      />
      <BulkBar
        selection={selection}
        rows={data.rows}
        by={by}
        filter={filterOf(search)}
        clear={() => setSelection(nothingSelected)}
        onChanged={data.steady.release}
      />
    </>
  );
};

const keyOf = (row: FindingRow): string => row.key;

type NoteProps = { readonly row: FindingRow & { kind: 'note' }; readonly search: FindingsSearch };

const Note = ({ row, search }: NoteProps) => {
  if (row.note === 'loading') return <p className={styles.note}>Fetching {plural(row.group.findings, 'finding')}…</p>;
  if (row.note === 'failed') return <p className={styles.note}>They could not be fetched. Close and open the group.</p>;
  const by = search.by ?? 'fix';
  const to = `/findings${stringifySearch({ ...search, ...(by === 'none' ? {} : groupFilter(by, row.group.key)), by: 'none' })}`;
  return (
    <p className={styles.note}>
      <AnyLink to={to}>Show all {plural(row.group.findings, 'finding')}</AnyLink>
    </p>
  );
};

const NoFindings = ({ search }: { readonly search: FindingsSearch }) => {
  const setSearch = useSetSearch();
  const mayFetch = useMay('feeds:write');
  const { data: trust } = useQuery(apiQuery('trust.get'));
  const notKnown = useQuery(overviewQuery()).data?.counts.notKnown ?? 0;
  if (setFilters(search).length > 0) {
    return (
      <Empty
        title="Nothing matches these filters"
        actions={
          <button type="button" className={buttonClass()} onClick={() => setSearch(noFilters)}>
            Clear all filters
          </button>
        }
      >
        Take one away, or look under another status.
      </Empty>
    );
  }
  if (trust?.feeds.state === 'none') {
    return (
      <Empty
        title="Nothing can be found without feeds"
        actions={
          mayFetch ? (
            <AnyLink to="/settings/feeds" className={buttonClass('primary')}>
              Get feeds
            </AnyLink>
          ) : undefined
        }
      >
        Packages are being listed already. Advisories say which of them are vulnerable; once they are here, every stored
        list is matched at once, and nothing is scanned again.
      </Empty>
    );
  }
  if (trust?.hosts.total === 0) {
    return <NoHosts>Findings appear a few seconds after the first host is connected.</NoHosts>;
  }
  if (notKnown > 0) {
    return (
      <Empty title="No open findings of what is known">
        Of {plural(notKnown, 'host or image', 'hosts and images')} what is vulnerable is not known.{' '}
        <AnyLink to="/assets">Assets</AnyLink> says why. Everything else is free of known vulnerabilities, or they are
        accepted.
      </Empty>
    );
  }
  return (
    <Empty title="No open findings">
      Everything that was scanned is free of known vulnerabilities, or they are accepted. The status filter shows those.
    </Empty>
  );
};
