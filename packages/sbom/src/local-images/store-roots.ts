import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where containerd keeps its files: its own, and those that distributions of Kubernetes bring. */
export const containerdRoots: readonly string[] = [
  '/var/lib/containerd',
  '/var/lib/rancher/k3s/agent/containerd',
  '/var/lib/rancher/rke2/agent/containerd',
  '/var/lib/k0s/containerd',
  '/var/snap/microk8s/common/var/lib/containerd',
];

/** Where Podman, Buildah and CRI-O keep theirs when root runs them. */
export const containersStorageRoot = '/var/lib/containers/storage';

/** That of the user we are, where it is known: a bare host has no list of users, and Node refuses to guess. */
export const ownContainersStorage = (): readonly string[] => {
  try {
    return [join(homedir(), '.local/share/containers/storage')];
  } catch {
    return [];
  }
};
