import type { ImageRecord } from '@parapet/contract/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import type { InventorySink } from './collector.ts';
import { createSharedImages } from './shared-images.ts';
import { type Collected, createCollected } from './testing/collected.ts';

const key = `sha256:${'ab'.repeat(32)}`;
const record = (runtime: ImageRecord['runtime'], tag: string): ImageRecord => ({
  ...{ kind: 'image', key, startedAt: 1, runtime, sizeBytes: 5, labels: {} },
  ...{ tags: [tag], repoDigests: [`${tag.split(':')[0]}@${key}`] },
});

describe('an image that two runtimes of a host hold', () => {
  let collected: Collected;
  let docker: InventorySink;
  let stores: InventorySink;
  beforeEach(() => {
    collected = createCollected();
    const images = createSharedImages(collected.context.inventory);
    docker = images.for('docker');
    stores = images.for('stores');
  });

  it('is one record with the names of both, and ends with the last', () => {
    docker.put(record('docker', 'app:1'));
    stores.put(record('podman', 'localhost/app:1'));
    expect(collected.latest('image', key)).toMatchObject({ runtime: 'docker', tags: ['app:1', 'localhost/app:1'] });
    docker.end('image', key, 10);
    expect(collected.latest('image', key)).toMatchObject({ runtime: 'podman', tags: ['localhost/app:1'] });
    expect(collected.latest('image', key)?.endedAt).toBeUndefined();
    stores.end('image', key, 20);
    expect(collected.latest('image', key)?.endedAt).toBe(20);
    docker.put(record('docker', 'app:2'));
    expect(collected.latest('image', key)).toMatchObject({ tags: ['app:2'] });
  });

  it('leaves everything else as it is', () => {
    docker.put({ kind: 'blind', key: 'x|1', startedAt: 1, collector: 'x', cause: 'y' });
    stores.end('blind', 'x|1', 9);
    expect(collected.latest('blind', 'x|1')).toMatchObject({ endedAt: 9 });
  });
});
