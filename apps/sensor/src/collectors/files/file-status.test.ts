import { expect, it } from 'vitest';
import { fileStatus, type RootsState } from './file-status.ts';

const whole: RootsState = {
  ...{ hostRefusal: undefined, writesOnly: false, isPartial: false, unwatchedContainers: 0, problem: undefined },
};

it('what is not seen of files is said: what is meant as a limit, what is wrong, and what is missing altogether', () => {
  expect(fileStatus(whole, undefined)).toEqual({ state: 'running', source: 'fanotify' });
  expect(fileStatus({ ...whole, isPartial: true }, undefined)).toMatchObject({
    ...{ state: 'running', reason: expect.stringContaining('more folders') },
  });
  expect(fileStatus({ ...whole, writesOnly: true, isPartial: true }, 'It is too old.')).toMatchObject({
    ...{ state: 'degraded', reason: expect.stringMatching(/written.*too old.*more folders/) },
  });
  expect(fileStatus({ ...whole, hostRefusal: 'It may not.' }, undefined)).toMatchObject({ state: 'refused' });
});
