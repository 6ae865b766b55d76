import type { Permission } from '@parapet/contract/api';

export type SettingsPage = {
  readonly to: string;
  readonly label: string;
  /** By which the command palette finds it too. */
  readonly words: string;
  /** One that needs a permission is not shown to others. */
  readonly needs?: Permission;
};

/** The parts of the settings, as they stand beside each other. */
export const settingsPages: readonly SettingsPage[] = [
  { to: '/settings/feeds', label: 'Feeds', words: 'advisories osv kev epss update import', needs: 'feeds:read' },
  {
    ...{ to: '/settings/vex', label: 'VEX documents', needs: 'findings:read' },
    words: 'openvex csaf cyclonedx not affected ruled out statement',
  },
  { to: '/settings/people', label: 'People', words: 'users roles invite scope', needs: 'people:read' },
  { to: '/settings/tokens', label: 'API tokens', words: 'automation secret', needs: 'people:read' },
  { to: '/settings/keys', label: 'Enrolment keys', words: 'enroll hosts', needs: 'sensors:write' },
  { to: '/settings/audit', label: 'Audit log', words: 'history who', needs: 'audit:read' },
  {
    ...{ to: '/settings/telemetry', label: 'Telemetry', needs: 'sensors:read' },
    words: 'policy rules events record sampling rate limit leave out',
  },
  { to: '/settings/retention', label: 'Retention', words: 'keep delete days history disk space', needs: 'system:read' },
  {
    ...{ to: '/settings/console', label: 'This console', needs: 'system:read' },
    words: 'status health disk memory lag queues',
  },
  { to: '/settings/about', label: 'About', words: 'version licence' },
];
