import type { Permission } from '@parapet/contract/api';

/** The pages of the rail, which the command palette offers too. One that `needs` a permission is not shown to others. */
export const pages = [
  { to: '/', label: 'Overview', words: 'home start' },
  { to: '/map', label: 'Map', words: 'graph topology network' },
  { to: '/findings', label: 'Findings', words: 'vulnerabilities risk cve fix' },
  { to: '/hunt', label: 'Hunt', words: 'events search telemetry processes connections', needs: 'telemetry:read' },
  { to: '/assets', label: 'Assets', words: 'hosts containers images inventory' },
  { to: '/packages', label: 'Packages', words: 'where is software version sbom library' },
  { to: '/scans', label: 'Scans', words: 'sbom tasks progress' },
  { to: '/sensors', label: 'Sensors', words: 'hosts health collectors losses' },
  { to: '/settings', label: 'Settings', words: 'feeds people tokens keys audit' },
] as const satisfies readonly {
  readonly to: string;
  readonly label: string;
  readonly words: string;
  readonly needs?: Permission;
}[];

export const settingsPages = [
  { to: '/settings/feeds', label: 'Feeds', words: 'advisories osv kev epss update import' },
  { to: '/settings/vex', label: 'VEX documents', words: 'openvex csaf cyclonedx not affected ruled out statement' },
  { to: '/settings/people', label: 'People', words: 'users roles invite scope' },
  { to: '/settings/tokens', label: 'API tokens', words: 'automation secret' },
  { to: '/settings/keys', label: 'Enrolment keys', words: 'enroll hosts' },
  { to: '/settings/audit', label: 'Audit log', words: 'history who' },
  { to: '/settings/telemetry', label: 'Telemetry', words: 'policy rules events record sampling rate limit leave out' },
  { to: '/settings/retention', label: 'Retention', words: 'keep delete days history disk space' },
  { to: '/settings/console', label: 'This console', words: 'status health disk memory lag queues' },
  { to: '/settings/about', label: 'About', words: 'version licence' },
] as const;
