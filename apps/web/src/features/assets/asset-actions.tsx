import type { AssetDetail } from '@parapet/contract/api';
import { useQueryClient } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { ActionMenu } from '../../components/choice-menu.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { api, useApiMutation } from '../../lib/api.ts';
import { useMay } from '../../lib/session.ts';
import { isAtRest } from '../../lib/words.ts';

export const AssetActions = ({ asset }: { readonly asset: AssetDetail }) => {
  const mayScan = useMay('scans:write');
  const mayHunt = useMay('telemetry:read');
  const scan = useScan();
  return (
    <>
      {isAtRest(asset.kind) ? null : (
        <AnyLink to={`/map?focus=${encodeURIComponent(`${asset.kind}:${asset.id}`)}`} className={buttonClass()}>
          On the map
        </AnyLink>
      )}
      {asset.hunt === undefined || !mayHunt ? null : (
        <AnyLink to={`/hunt?q=${encodeURIComponent(asset.hunt)}`} className={buttonClass()}>
          What happened here
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
    </>
  );
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
