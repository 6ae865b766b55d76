import { describe, expect, it } from 'vitest';
import { imageTargets } from './image-targets.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('package URLs of an image', () => {
  it('name it by digest and tag, in its registry', () => {
    expect(imageTargets({ digests: [digest], references: ['registry.example:5000/shop/api:1.2'] })).toEqual([
      `pkg:oci/api@${digest}?repository_url=registry.example:5000%2Fshop%2Fapi&tag=1.2`,
      'pkg:docker/shop/api@1.2?repository_url=registry.example:5000',
      `pkg:docker/shop/api@${digest}?repository_url=registry.example:5000`,
    ]);
  });

  it.each(['nginx', 'docker.io/library/nginx'])('make %s whole as Docker does', (reference) => {
    expect(imageTargets({ digests: [digest], references: [reference] })).toEqual([
      `pkg:oci/nginx@${digest}?repository_url=docker.io%2Flibrary%2Fnginx`,
      'pkg:docker/nginx',
      `pkg:docker/nginx@${digest}`,
    ]);
  });

  it('take a digest out of a name, and stand without names', () => {
    expect(imageTargets({ digests: [], references: [`ghcr.io/shop/api@${digest}`] })).toContain(
      `pkg:oci/api@${digest}?repository_url=ghcr.io%2Fshop%2Fapi`,
    );
    expect(imageTargets({ digests: [digest], references: ['<none>:<none>', ''] })).toEqual([`pkg:oci/image@${digest}`]);
  });
});
