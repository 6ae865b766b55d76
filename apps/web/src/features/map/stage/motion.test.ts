import { describe, expect, it } from 'vitest';
import { createMotion, restMs } from './motion.ts';

const run = (everyMs: number, frames: number): number => {
  const motion = createMotion();
  let detail = 1;
  for (let frame = 0; frame < frames; frame += 1) {
    motion.moved(frame * everyMs);
    detail = motion.frame(frame * everyMs);
  }
  return detail;
};

describe('detail while moving', () => {
  it('stays whole on a quick machine and falls on a slow one', () => {
    expect(run(16, 60)).toBe(1);
    expect(run(80, 30)).toBeLessThan(0.2);
  });

  it('is whole again at rest', () => {
    const motion = createMotion();
    for (let frame = 0; frame < 30; frame += 1) {
      motion.moved(frame * 90);
      motion.frame(frame * 90);
    }
    expect(motion.isMoving(29 * 90 + 10)).toBe(true);
    expect(motion.frame(29 * 90 + restMs + 1)).toBe(1);
  });
});
