import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { createLiveFeed } from '../lib/live-feed.ts';
import { Banners } from './banners.tsx';
import { PanelHost } from './panel-host.tsx';
import { patientLoad } from './patient-load.ts';
import { Rail } from './rail.tsx';
import styles from './shell.module.css';
import { TopBar } from './top-bar.tsx';

/** The frame of every page of a signed-in person. */
export const Shell = () => {
  const [searching, setSearching] = useState(false);
  const [railOpen, setRailOpen] = useState(false);
  const client = useQueryClient();
  useEffect(() => createLiveFeed(client).close, [client]);
  useSearchKey(() => setSearching(true));
  const main = useFocusOnNavigation();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <TopBar className={styles.top} onSearch={() => setSearching(true)} onRail={() => setRailOpen(true)} />
      <Rail open={railOpen} onClose={() => setRailOpen(false)} />
      <div className={styles.work}>
        <main id="main" ref={main} tabIndex={-1} className={styles.main}>
          <Banners />
          <Outlet />
        </main>
        <PanelHost className={styles.panel} />
      </div>
      {searching ? (
        <Suspense>
          <CommandPalette open onOpenChange={setSearching} />
        </Suspense>
      ) : null}
    </div>
  );
};

const CommandPalette = lazy(() =>
  patientLoad(async () => ({ default: (await import('./command-palette.tsx')).CommandPalette })),
);

/** Ctrl-K or Cmd-K anywhere, and `/` outside of text fields. */
const useSearchKey = (open: () => void): void => {
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const chord = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      if (!chord && !(event.key === '/' && !isTyping(event.target))) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
};

/** After a change of page the focus is on the page, so that a screen reader reads it and keys scroll it. */
const useFocusOnNavigation = () => {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
