import { PanelFrame } from '../../components/panel-frame.tsx';
export const AssetPanel = ({ assetId }: { readonly assetId: string }) => (
  <PanelFrame kind="Asset" title={assetId} page={`/assets/${assetId}`}>
    …
  </PanelFrame>
);
