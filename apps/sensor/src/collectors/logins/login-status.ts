import type { CollectorStatus } from '../collector.ts';
import type { ContainerLoginsStatus } from './container-logins.ts';

export const loginStatus = (state: {
  readonly files: readonly { readonly path: string; readonly problem: string | undefined }[];
  /** Whether the layout of wtmp is known on this processor. */
  readonly hasRecords: boolean;
  readonly journal: { readonly problem: string | undefined } | undefined;
  /** Not a container’s view of it. */
  readonly isWholeHost: boolean;
  readonly containers: ContainerLoginsStatus;
}): CollectorStatus => {
  const { files, journal, containers } = state;
  const read = files.filter(({ problem }) => problem === undefined);
  const names = [
    ...read.map(({ path }) => path),
    ...(journal !== undefined && journal.problem === undefined ? ['journal'] : []),
    ...(containers.followed > 0 ? [`the same in ${containers.followed} containers`] : []),
  ];
  const hasLog = journal?.problem === undefined && (journal !== undefined || read.some(({ path }) => !isRecords(path)));
  const reasons = [
    ...files
      .filter(({ problem }) => problem !== undefined && problem !== 'enoent')
      .map(({ path, problem }) => `${path} cannot be read (${problem}).`),
    ...(journal?.problem === undefined ? [] : [`The journal cannot be read: ${journal.problem}`]),
    ...(hasLog || journal?.problem !== undefined ? [] : [noLog(state.isWholeHost)]),
    ...(containers.beyond > 0 ? [`Logins in ${containers.beyond} more containers are not told.`] : []),
    ...(state.hasRecords ? [] : ['The layout of wtmp is not known on this processor.']),
  ];
  if (names.length === 0)
    return { state: 'refused', source: 'none', reason: ['Nothing here says who signs in.', ...reasons].join(' ') };
  return {
    ...{ state: reasons.length === 0 ? 'running' : 'degraded', source: names.join(', ') },
    ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
  };
};

const isRecords = (path: string): boolean => path.endsWith('tmp');

const noLog = (isWholeHost: boolean): string => {
  const missing = 'There is no log of signing in (auth.log, secure, messages) and no journal that can be read';
  const consequence = 'sudo, su, and how somebody came in over SSH are not told.';
  return isWholeHost
    ? `${missing}: ${consequence}`
    : `${missing} from a container: ${consequence} rsyslog on the host, or a sensor that is no container, would help.`;
};
