import type { Permission } from '@parapet/contract/api';

/** The pages of the rail, which the command palette offers too. One that `needs` a permission is not shown to others. */
export const pages = [
  { to: '/', label: 'Overview', words: 'home start' },
  { to: '/map', label: 'Map', words: 'graph topology network' },
  { to: '/findings', label: 'Findings', words: 'vulnerabilities risk cve fix' },
  {
    to: '/hunt',
    label: 'Hunt',
    words: 'events search telemetry processes connections timeline forensics',
    needs: 'telemetry:read',
  },
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
