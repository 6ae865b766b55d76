import type { Permission } from '@parapet/contract/api';
import { Outlet, useLocation } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { useSession } from '../../lib/session.ts';
import styles from './settings.module.css';

const parts: readonly { readonly to: string; readonly label: string; readonly needs?: Permission }[] = [
  { to: '/settings/feeds', label: 'Feeds', needs: 'feeds:read' },
  { to: '/settings/vex', label: 'VEX documents', needs: 'findings:read' },
  { to: '/settings/people', label: 'People', needs: 'people:read' },
  { to: '/settings/tokens', label: 'API tokens', needs: 'people:read' },
  { to: '/settings/keys', label: 'Enrolment keys', needs: 'sensors:write' },
  { to: '/settings/audit', label: 'Audit log', needs: 'audit:read' },
  { to: '/settings/telemetry', label: 'Telemetry', needs: 'sensors:read' },
  { to: '/settings/retention', label: 'Retention', needs: 'system:read' },
  { to: '/settings/console', label: 'This console', needs: 'system:read' },
  { to: '/settings/about', label: 'About' },
];

/** The parts of the settings that the person may see, and the chosen one. */
export const SettingsLayout = () => {
  const { permissions } = useSession();
  const { pathname } = useLocation();
  const shown = parts.filter(({ needs }) => needs === undefined || permissions.includes(needs));
  return (
    <div className={styles.layout}>
      <nav className={styles.nav} aria-label="Settings">
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
