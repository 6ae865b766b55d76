import type { CollectorDefinition } from '../collector.ts';
import { type LoginCollectorDeps, startLoginCollector } from './login-collector.ts';

/** Who signs in to the host and to containers, is refused, becomes somebody else or leaves, as their own records and logs say it. */
export const createLoginsCollector = (
  deps: Omit<LoginCollectorDeps, 'file' | 'containersFile'> & {
    /** `undefined` on trial: another process tells from the same place on. */
    readonly file: LoginCollectorDeps['file'] | undefined;
    readonly containersFile: LoginCollectorDeps['containersFile'] | undefined;
  },
): CollectorDefinition => ({
  name: 'logins',
  needs: [
    { kind: 'root', reason: 'Who was refused, and the log of signing in, is readable to root only: sudo ./parapet up' },
  ],
  start: async (context) => {
    const { file, containersFile } = deps;
    if (file !== undefined && containersFile !== undefined)
      return startLoginCollector({ ...deps, file, containersFile }, context);
    context.report({ state: 'running', source: 'none', reason: 'This version is on trial and tells no logins yet.' });
    return { stop: async () => {} };
  },
});
