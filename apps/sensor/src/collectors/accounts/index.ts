import type { CollectorDefinition } from '../collector.ts';
import { type AccountCollectorDeps, startAccountCollector } from './account-collector.ts';

/** Which users, groups, sudo rules, jobs and units of the host were added, changed or removed, each as an event. */
export const createAccountsCollector = (
  deps: Omit<AccountCollectorDeps, 'file'> & {
    /** `undefined` on trial: another process tells what changed since the same look. */
    readonly file: AccountCollectorDeps['file'] | undefined;
  },
): CollectorDefinition => ({
  name: 'accounts',
  needs: [{ kind: 'root', reason: 'Passwords, sudo rules and crontabs are readable to root only: sudo ./parapet up' }],
  start: async (context) => {
    const { file } = deps;
    if (file !== undefined) return startAccountCollector({ ...deps, file }, context);
    context.report({ state: 'running', source: 'none', reason: 'This version is on trial and tells no changes yet.' });
    return { stop: async () => {} };
  },
});
