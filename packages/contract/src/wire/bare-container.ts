import type { ContainerRecord } from './records.ts';

/** The parts of a container record of which nothing is known (yet): a record that starts from here leaves none of them out. */
export const bareContainer: Pick<
  ContainerRecord,
  'labels' | 'networkMode' | 'networks' | 'ports' | 'privilege' | 'packageDatabases'
> = {
  labels: {},
  networkMode: '',
  networks: [],
  ports: [],
  privilege: {
    privileged: false,
    user: '',
    capabilitiesAdded: [],
    hostNetwork: false,
    hostPid: false,
    readOnlyRoot: false,
    hostMounts: [],
    runtimeSocket: false,
  },
  packageDatabases: [],
};
