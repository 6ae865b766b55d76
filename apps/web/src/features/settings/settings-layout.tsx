import { Outlet, useLocation } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { useCurrentInView } from '../../components/current-in-view.ts';
import { useSession } from '../../lib/session.ts';
import { settingsPages } from '../../lib/settings-pages.ts';
import styles from './settings.module.css';

/** The parts of the settings that the person may see, and the chosen one. */
export const SettingsLayout = () => {
  const { permissions } = useSession();
  const { pathname } = useLocation();
  const shown = settingsPages.filter(({ needs }) => needs === undefined || permissions.includes(needs));
  const nav = useCurrentInView(pathname);
  return (
    <div className={styles.layout}>
      <nav ref={nav} className={styles.nav} aria-label="Settings">
        {shown.map(({ to, label }) => (
          <AnyLink
            key={to}
            to={to}
            className={styles.link}
            data-current={pathname === to}
            aria-current={pathname === to ? 'page' : undefined}
          >
            {label}
          </AnyLink>
        ))}
      </nav>
      <div className={styles.content}>
        <Outlet />
      </div>
    </div>
  );
};
