import type { AssetDetail } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { ActionMenu } from '../../components/choice-menu.tsx';
import { Modal, ModalActions } from '../../components/modal.tsx';
import { InlineError } from '../../components/states.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { api, useApiMutation } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useMay } from '../../lib/session.ts';
import { isAtRest } from '../../lib/words.ts';
import { containerTimelineLink, mapLink } from './asset-links.ts';

export const AssetActions = ({ asset }: { readonly asset: AssetDetail }) => {
  const mayScan = useMay('scans:write');
  const mayHunt = useMay('telemetry:read');
  const scan = useScan();
  return (
    <>
      {isAtRest(asset.kind) ? null : (
        <AnyLink to={mapLink(asset)} className={buttonClass()}>
          {asset.endedAt === undefined ? 'On the map' : 'On the map then'}
        </AnyLink>
      )}
      {asset.kind === 'container' && mayHunt ? (
        <AnyLink to={containerTimelineLink(asset)} className={buttonClass()}>
          Timeline
        </AnyLink>
      ) : null}
      {asset.hunt === undefined || !mayHunt ? null : (
        <AnyLink to={`/hunt?q=${encodeURIComponent(asset.hunt)}`} className={buttonClass()}>
          Events
        </AnyLink>
      )}
      {asset.packageCount === 0 ? null : (
        <ActionMenu
          label="SBOM"
          items={formats.map(({ format, label }) => ({
            label,
            href: api.url('assets.sbom', { params: { assetId: asset.id }, query: { format } }),
          }))}
        />
      )}
      {mayScan && asset.status !== 'gone' && asset.kind !== 'upload' ? (
        <Button disabled={scan.isPending} onClick={() => scan.mutate({ body: { assetIds: [asset.id] } })}>
          Scan now
        </Button>
      ) : null}
      {mayScan && asset.status !== 'gone' && asset.kind === 'upload' ? <RemoveUpload asset={asset} /> : null}
    </>
  );
};

const RemoveUpload = ({ asset }: { readonly asset: AssetDetail }) => {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const notify = useNotify();
  const remove = useApiMutation('scans.removeUpload', async ({ closed }) => {
    notify.done(
      'The uploaded scan is removed',
      closed === 0 ? undefined : `${plural(closed, 'finding')} closed with it.`,
    );
    setAsking(false);
    await client.invalidateQueries({ predicate: ({ queryKey }) => /^(?:assets|findings)\./.test(String(queryKey[0])) });
  });
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        Remove…
      </Button>
      <Modal
        open={asking}
        onOpenChange={setAsking}
        title={`Remove the uploaded scan of ${asset.name}`}
        description={`${effectOf(asset)} The next upload of the same name brings it back.`}
      >
        <InlineError error={remove.error} />
        <ModalActions>
          <Button onClick={() => setAsking(false)}>Cancel</Button>
          <Button
            look="danger"
            disabled={remove.isPending}
            onClick={() => remove.mutate({ params: { assetId: asset.id } })}
          >
            Remove now
          </Button>
        </ModalActions>
      </Modal>
    </>
  );
};

const effectOf = ({ findings }: AssetDetail): string => {
  const open = Object.values(findings).reduce((sum, count) => sum + count, 0);
  return open === 0 ? 'It has no open findings.' : `Its ${plural(open, 'open finding')} will be closed.`;
};

const formats = [
  { format: 'cyclonedx', label: 'CycloneDX' },
  { format: 'spdx', label: 'SPDX' },
  { format: 'parapet', label: 'As Parapet keeps it' },
] as const;

const useScan = () => {
  const client = useQueryClient();
  const notify = useNotify();
  const scan = useApiMutation('scans.create', async ({ scans, skipped }) => {
    if (scans.length > 0) notify.done('Scan asked for', 'Its progress is on the Scans page.');
    else notify.done('No scan was asked for', skipped[0]?.reason);
    await client.invalidateQueries({ queryKey: ['scans.list'] });
  });
  return {
    ...scan,
    mutate: (input: Parameters<typeof scan.mutate>[0]) =>
      scan.mutate(input, { onError: (error) => notify.failed('No scan was asked for', error) }),
  };
};
