import type { HostPlan } from '../world.ts';
import { playConnection } from './connections.ts';
import { playIntruder } from './intruder.ts';
import { playGuess, playSession } from './people.ts';
import { playHealthCheck, playJob } from './routines.ts';
import type { Scene, Stage } from './stage.ts';

const minute = 60_000;
/** With some three events a scene, a host tells one in three seconds. */
const meanGapMs = 10_000;
const intruderEveryMs = 25 * minute;

export const planScenes = (stage: Stage, fromMs: number): void => {
  const { random, host } = stage;
  const scenes: readonly (readonly [Scene, number])[] = [
    [playConnection, 60],
    [playHealthCheck, 24],
    [playJob, 8],
    [playSession, host.role === 'bastion' ? 8 : 1],
    // Only these are reached from everywhere.
    [playGuess, host.role === 'bastion' || host.role === 'edge' ? 12 : 0],
  ];
  const sum = scenes.reduce((total, [, weight]) => total + weight, 0);
  const draw = (): Scene => {
    let left = random.next() * sum;
    for (const [scene, weight] of scenes) {
      left -= weight;
      if (left < 0) return scene;
    }
    return playConnection;
  };
  const turn = (afterMs: number): void => {
    stage.at(Math.round(afterMs + random.between(0.1, 1.9) * meanGapMs), (now) => {
      draw()(stage, now);
      turn(now);
    });
  };
  turn(fromMs);

  if (!isAttacked(host)) return;
  const attack = (atMs: number): void => {
    stage.at(Math.round(atMs), (now) => {
      playIntruder(stage, now);
      attack(now + intruderEveryMs);
    });
  };
  attack(fromMs + random.between(1, 9) * minute);
};

/** One host of the whole company: something to find. */
const isAttacked = ({ index, slots }: HostPlan): boolean =>
  index < 20 && slots.some(({ service, rank }) => service.name === 'web' && rank === 0);
