import { expect, test, vi } from 'vitest';
import { patientLoad } from './patient-load.ts';

/** A console that is away for so many questions. */
const play = (awayFor: number) => {
  let [asked, rests] = [0, 0];
  const anew = Promise.withResolvers<void>();
  return {
    answers: async () => {
      asked += 1;
      return asked > awayFor;
    },
    rest: async () => {
      rests += 1;
    },
    beginAnew: () => {
      anew.resolve();
      return true;
    },
    anew: anew.promise,
    rests: () => rests,
  };
};
const failing = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));

test('a page that is there is given, and nobody is asked', async () => {
  const answers = vi.fn(async () => true);
  expect(await patientLoad(async () => 'page', { ...play(0), answers })).toBe('page');
  expect(answers).not.toHaveBeenCalled();
});

test('while the console is away it waits, and begins anew when that is back', async () => {
  const away = play(4);
  void patientLoad(failing, away);
  await away.anew;
  expect(away.rests()).toBe(4);
});

test('what beginning anew did not help is refused', async () => {
  await expect(patientLoad(failing, { ...play(0), beginAnew: () => false })).rejects.toThrow('dynamically imported');
});

test('it does not wait for ever', async () => {
  await expect(patientLoad(failing, play(Number.POSITIVE_INFINITY))).rejects.toThrow('dynamically imported');
});
