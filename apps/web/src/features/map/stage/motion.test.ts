import { describe, expect, it } from 'vitest';
import { createMotion, type FrameDetail, restMs } from './motion.ts';

const run = (everyMs: number, frames: number): FrameDetail | undefined => {
  const motion = createMotion();
  let detail: FrameDetail | undefined;
  for (let frame = 0; frame < frames; frame += 1) {
    motion.moved(frame * everyMs);
    detail = motion.frame(frame * everyMs);
  }
  return detail;
};

describe('detail while moving', () => {
  it('stays whole on a quick machine and falls on a slow one', () => {
    expect(run(16, 60)).toEqual({ edges: 1, pixels: 1 });
    expect(run(80, 30)?.edges).toBeLessThan(0.2);
  });

  it('gives up pixels only after edges, and none of them again before rest', () => {
    expect(run(80, 2)?.pixels).toBe(1);
    expect(run(80, 30)?.pixels).toBeLessThan(1);
    const motion = createMotion();
    let detail: FrameDetail | undefined;
    for (let frame = 0, nowMs = 0; frame < 90; frame += 1, nowMs += frame < 30 ? 80 : 16) {
      motion.moved(nowMs);
      detail = motion.frame(nowMs);
    }
    expect(detail?.edges).toBe(1);
    expect(detail?.pixels).toBeLessThan(1);
  });

  it('draws less from the first moving frame on where a whole draw was slow', () => {
    const first = (wholeDrawMs: number): FrameDetail => {
      const motion = createMotion();
      motion.learn(wholeDrawMs);
      motion.moved(0);
      return motion.frame(0);
    };
    expect(first(8)).toEqual({ edges: 1, pixels: 1 });
    expect(first(45).pixels).toBe(1);
    expect(first(45).edges).toBeLessThan(1);
    expect(first(100).pixels).toBeLessThan(1);
  });

  it('is whole again at rest', () => {
    const motion = createMotion();
    for (let frame = 0; frame < 30; frame += 1) {
      motion.moved(frame * 90);
      motion.frame(frame * 90);
    }
    expect(motion.isMoving(29 * 90 + 10)).toBe(true);
    expect(motion.frame(29 * 90 + restMs + 1)).toEqual({ edges: 1, pixels: 1 });
  });
});
