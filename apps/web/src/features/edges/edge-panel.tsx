import { PanelFrame } from '../../components/panel-frame.tsx';
export const EdgePanel = ({ source, target }: { readonly source: string; readonly target: string }) => (
  <PanelFrame kind="Connection" title={`${source} → ${target}`}>
    …
  </PanelFrame>
);
