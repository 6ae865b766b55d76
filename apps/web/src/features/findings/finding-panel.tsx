import { PanelFrame } from '../../components/panel-frame.tsx';
export const FindingPanel = ({ findingId }: { readonly findingId: string }) => (
  <PanelFrame kind="Finding" title={findingId} page={`/findings/${findingId}`}>
    …
  </PanelFrame>
);
