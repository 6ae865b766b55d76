import { lazy, Suspense, useEffect, useRef } from 'react';
import { Skeleton } from '../components/states.tsx';
import type { PanelTarget } from '../lib/panel-target.ts';
import { formatPanel } from '../lib/panel-target.ts';
import { usePanel } from '../lib/view-state.ts';
import { patientLoad } from './patient-load.ts';

/** The drill-down panel over any view: an asset, a finding, an event or an edge, named in the URL. Esc closes it. */
export const PanelHost = ({ className }: { readonly className?: string | undefined }) => {
  const { target, close } = usePanel();
  const panel = useRef<HTMLElement>(null);
  useReturnFocus(target !== undefined);
  useEscape(target !== undefined, close);
  if (target === undefined) return null;
  return (
    <aside ref={panel} className={className} aria-label="Details" key={formatPanel(target)}>
      <Suspense fallback={<Skeleton label="details" />}>
        <PanelContent target={target} />
      </Suspense>
    </aside>
  );
};

// A panel that is opened while the console is away comes when that is back; without patience it would take the whole page with it.
const AssetPanel = lazy(() =>
  patientLoad(async () => ({ default: (await import('../features/assets/asset-panel.tsx')).AssetPanel })),
);
const FindingPanel = lazy(() =>
  patientLoad(async () => ({ default: (await import('../features/findings/finding-panel.tsx')).FindingPanel })),
);
const EventPanel = lazy(() =>
  patientLoad(async () => ({ default: (await import('../features/hunt/event-panel.tsx')).EventPanel })),
);
const EdgePanel = lazy(() =>
  patientLoad(async () => ({ default: (await import('../features/edges/edge-panel.tsx')).EdgePanel })),
);

const PanelContent = ({ target }: { readonly target: PanelTarget }) => {
  switch (target.kind) {
    case 'asset':
      return <AssetPanel assetId={target.id} />;
    case 'finding':
      return <FindingPanel findingId={target.id} />;
    case 'event':
      return <EventPanel eventId={target.id} />;
    case 'edge':
      return <EdgePanel source={target.source} target={target.target} />;
  }
};

/** When the panel closes, the focus goes back to what opened it. */
const useReturnFocus = (open: boolean): void => {
  const opener = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  if (open && !wasOpen.current) opener.current = document.activeElement;
  useEffect(() => {
    if (!open && wasOpen.current && opener.current instanceof HTMLElement && opener.current.isConnected) {
      opener.current.focus({ preventScroll: true });
    }
    wasOpen.current = open;
  }, [open]);
};

/** Dialogs and menus handle Esc first and mark the event as handled. */
const useEscape = (active: boolean, close: () => void): void => {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector('[role="dialog"],[role="menu"],[role="listbox"]') !== null) return;
      close();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [active, close]);
};
