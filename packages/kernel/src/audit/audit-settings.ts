import { enabledStates, failureModes } from './numbers.ts';
import type { AuditStatus } from './status.ts';

/** What of audit we change. */
export type AuditSettings = Pick<AuditStatus, 'enabled' | 'failure' | 'backlogLimit' | 'backlogWaitTime'>;

/** Records lost are counted, so nothing need be printed, and no process ever waits for us. */
export const ourSettings: AuditSettings = {
  enabled: enabledStates.on,
  failure: failureModes.silent,
  // Seven for a start, of half a kilobyte to (long arguments) 8 KB each, beside what waits in the socket. It is a number that nobody
  // else sets: so what a sensor left that was killed is known even where nobody remembers.
  backlogLimit: 8191,
  backlogWaitTime: 0,
};

export const settingsOf = ({ enabled, failure, backlogLimit, backlogWaitTime }: AuditStatus): AuditSettings => ({
  ...{ enabled, failure, backlogLimit, backlogWaitTime },
});

const names = ['enabled', 'failure', 'backlogLimit', 'backlogWaitTime'] as const;

/** Nobody changed anything since we did. */
export const isAsWeSetIt = (now: AuditSettings): boolean => names.every((name) => now[name] === ourSettings[name]);

/** What was before, of all that is still as we set it: what others set since is left to them. */
export const stillOurs = (now: AuditSettings, before: AuditSettings): Partial<AuditSettings> =>
  Object.fromEntries(names.filter((name) => now[name] === ourSettings[name]).map((name) => [name, before[name]]));
