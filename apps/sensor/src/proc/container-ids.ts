/** A container id in a cgroup path, with the runtime its form tells of. */
export type CgroupContainer = {
  readonly id: string;
  readonly runtime: 'docker' | 'containerd' | 'podman' | 'cri-o' | 'unknown';
};

/**
 * The containers around a process, outermost first, from the text of `/proc/<pid>/cgroup`. Forms: `/docker/<id>`,
 * `/system.slice/docker-<id>.scope`, `/kubepods/…/<id>`, `…/cri-containerd-<id>.scope`, `…/crio-<id>.scope`,
 * `…/libpod-<id>.scope`. A container inside a container shows as one id below the other. Of the hierarchies of cgroup v1 the
 * one that shows most counts: not every runtime creates all of them.
 */
export const containersInCgroup = (text: string): readonly CgroupContainer[] => {
  let best: readonly CgroupContainer[] = [];
  for (const line of text.split('\n', 64)) {
    const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
    const found = containersInPath(path);
    if (found.length > best.length) best = found;
  }
  return best;
};

const segmentForm =
  /^(?:(?:(?:.*[-:])?(docker|cri-containerd|containerd|crio|libpod)-)|(.*[-:]))?([0-9a-f]{64})(?:\.scope|\.service)?$/;
/** Helpers of a runtime, not the container itself. */
const helperForm = /conmon/;
const maxDepth = 8;

const containersInPath = (path: string): readonly CgroupContainer[] => {
  const found: CgroupContainer[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const match = segmentForm.exec(segment);
    const id = match?.[3];
    if (id === undefined || helperForm.test(segment) || found.some((container) => container.id === id)) continue;
    found.push({ id, runtime: runtimeOf(match?.[1], segments[index - 1] ?? '') });
    if (found.length >= maxDepth) break;
  }
  return found;
};

const runtimeOf = (prefix: string | undefined, parent: string): CgroupContainer['runtime'] => {
  switch (prefix) {
    case 'docker':
      return 'docker';
    case 'crio':
      return 'cri-o';
    case 'libpod':
      return 'podman';
    case 'cri-containerd':
    case 'containerd':
      return 'containerd';
    default:
      return parent === 'docker' ? 'docker' : parent === 'libpod_parent' ? 'podman' : 'unknown';
  }
};
