import { describe, expect, it } from 'vitest';
import { layerDigestsOf } from './scan-targets.ts';

describe('layerDigestsOf', () => {
  it('turns the order of an image’s layers round', () => {
    expect(layerDigestsOf(['sha256:low', 'sha256:high'], 2)).toEqual(['sha256:high', 'sha256:low']);
  });

  it('leaves the folders of the container itself without one', () => {
    expect(layerDigestsOf(['sha256:low', 'sha256:high'], 4)).toEqual([null, null, 'sha256:high', 'sha256:low']);
    expect(layerDigestsOf([], 2)).toEqual([null, null]);
  });

  it('says nothing when there are fewer folders than layers', () => {
    expect(layerDigestsOf(['sha256:low', 'sha256:high'], 1)).toEqual([]);
  });
});
