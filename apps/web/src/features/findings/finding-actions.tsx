import type { FindingDetail } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { useApiMutation } from '../../lib/api.ts';
import { useMay } from '../../lib/session.ts';
import { AcceptDialog } from './accept-dialog.tsx';

/** Accept or reopen, and scan again. */
export const FindingActions = ({ finding }: { readonly finding: FindingDetail }) => {
  const [accepting, setAccepting] = useState(false);
  const mayWrite = useMay('findings:write');
  const mayScan = useMay('scans:write');
  const client = useQueryClient();
  const notify = useNotify();
  const reopen = useApiMutation('findings.reopen', async () => {
    notify.done('The finding is open again');
    await client.invalidateQueries();
  });
  const scan = useApiMutation('scans.create', async ({ skipped }) => {
    notify.done(skipped.length === 0 ? 'Scan asked for' : 'No scan', skipped[0]?.reason);
    await client.invalidateQueries({ queryKey: ['scans.list'] });
  });
  const failed = (title: string) => ({ onError: (error: Error) => notify.failed(title, error) });
  return (
    <>
      {mayWrite && finding.status === 'open' ? (
        <Button onClick={() => setAccepting(true)}>Accept the risk…</Button>
      ) : null}
      {mayWrite && finding.status === 'accepted' ? (
        <Button onClick={() => reopen.mutate({ body: { ids: [finding.id] } }, failed('It is still accepted'))}>
          Open again
        </Button>
      ) : null}
      {mayScan && finding.status !== 'closed' && finding.asset.kind !== 'upload' ? (
        <Button
          disabled={scan.isPending}
          onClick={() => scan.mutate({ body: { assetIds: [finding.asset.id] } }, failed('No scan was asked for'))}
        >
          Scan {finding.asset.kind} again
        </Button>
      ) : null}
      <AcceptDialog
        open={accepting}
        onOpenChange={setAccepting}
        targets={[{ ids: [finding.id] }]}
        count={1}
        onDone={() => undefined}
      />
    </>
  );
};
