import type { FindingFilter } from '@parapet/contract/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { request } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useMay } from '../../lib/session.ts';
import { AcceptDialog } from './accept-dialog.tsx';
import type { Grouping } from './filters.ts';
import styles from './findings.module.css';
import type { FindingRow } from './rows.ts';
import { countSelected, type Selection, type Target, targetsOf } from './selection.ts';

type BulkBarProps = {
  readonly selection: Selection;
  readonly rows: readonly FindingRow[];
  readonly by: Grouping;
  readonly filter: Partial<FindingFilter>;
  readonly clear: () => void;
  /** Called before what an act changed is fetched. */
  readonly onChanged: () => void;
};

/** What can be done with the chosen findings; says how many it touches. */
export const BulkBar = ({ selection, rows, by, filter, clear, onChanged }: BulkBarProps) => {
  const [accepting, setAccepting] = useState(false);
  const mayScan = useMay('scans:write');
  const rescan = useRescan(clear);
  const count = countSelected(selection, rows);
  if (count === 0) return null;
  const targets = targetsOf(selection, by, filter);
  return (
    <section className={styles.bulk} aria-label="Chosen findings">
      <b>{plural(count, 'finding')} chosen</b>
      <Button small onClick={() => setAccepting(true)}>
        Accept the risk…
      </Button>
      {mayScan ? (
        <Button small onClick={() => rescan.mutate(targets)} disabled={rescan.isPending}>
          Scan their assets again
        </Button>
      ) : null}
      <Button small look="quiet" onClick={clear}>
        Clear
      </Button>
      <AcceptDialog
        open={accepting}
        onOpenChange={setAccepting}
        targets={targets}
        count={count}
        onDone={clear}
        onChanged={onChanged}
      />
    </section>
  );
};

const useRescan = (done: () => void) => {
  const client = useQueryClient();
  const notify = useNotify();
  return useMutation({
    mutationFn: async (targets: readonly Target[]) => {
      const assetIds = new Set<string>();
      for (const target of targets) for (const id of await assetsOf(target)) assetIds.add(id);
      return request('scans.create', { body: { assetIds: [...assetIds].slice(0, 500) } });
    },
    onSuccess: async ({ scans, skipped }) => {
      notify.done(
        `${plural(scans.length, 'scan')} asked for`,
        skipped.length === 0 ? undefined : `${plural(skipped.length, 'asset')} left out: ${skipped[0]?.reason}`,
      );
      done();
      await client.invalidateQueries({ queryKey: ['scans.list'] });
    },
    onError: (error) => notify.failed('No scan was asked for', error),
  });
};

const assetsOf = async (target: Target): Promise<readonly string[]> => {
  if ('filter' in target) {
    const page = await request('findings.list', { query: { ...target.filter, limit: 500 } });
    return page.items.map((finding) => finding.asset.id);
  }
  const details = await Promise.all(
    target.ids.slice(0, 50).map((findingId) => request('findings.get', { params: { findingId } })),
  );
  return details.map((finding) => finding.asset.id);
};
