import { describe, expect, it } from 'vitest';
import { ratingOf, scoreCvss, scoresOfCvss } from './cvss.ts';

describe('scoreCvss', () => {
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', '3.1', 9.8],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', '3.0', 10],
    ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:U', '3.1', 7.8],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', '2.0', 7.5],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', '4.0', 9.3],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', '3.1', 0],
  ])('%s is %s: %d', (vector, version, score) => expect(scoreCvss(vector)).toEqual({ version, vector, score }));

  it.each([
    '',
    'CVSS:3.1',
    'CVSS:3.1/AV:N',
    'CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'rubbish',
    `CVSS:3.1/${'AV:N/'.repeat(1000)}`,
  ])('%j has no score', (vector) => expect(scoreCvss(vector)).toBeUndefined());
});

describe('ratingOf', () => {
  it.each([
    [0, 'None'],
    [0.1, 'Low'],
    [3.9, 'Low'],
    [4, 'Medium'],
    [7, 'High'],
    [8.9, 'High'],
    [9, 'Critical'],
  ])('%d is %s', (score, rating) => expect(ratingOf(score)).toBe(rating));
});

describe('scoresOfCvss', () => {
  it.each([
    // The examples of the version 2 guide, section 3.3.
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H', [7.8, 6.4, 9.2]],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L', [10, 8.3, 9]],
    ['AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M', [6.2, 4.9, 7.5]],
    ['AV:N/AC:L/Au:N/C:N/I:N/A:N', [0, undefined, undefined]],
    // 8.55 rounds up.
    ['AV:N/AC:L/Au:S/C:C/I:C/A:C/E:F', [9, 8.6, undefined]],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', [9.8, 9.8, 9.8]],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:R', [9.8, 8.5, 8.5]],
    // In a changed scope version 3.1 has another last term in its environmental score, without such metrics as well.
    ['CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H', [9.9, 9.9, 9.9]],
    ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H', [9.9, 9.9, 10]],
    ['CVSS:3.0/AV:L/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N/MAV:A/MPR:N/MUI:N/MS:U/MC:N/MI:N/MA:N', [4.6, 4.6, 0]],
  ])('%s', (vector, [base, temporal, environmental]) => {
    const scores = scoresOfCvss(vector);
    expect([scores?.base, scores?.temporal, scores?.environmental]).toEqual([base, temporal, environmental]);
  });

  it('has one score for version 4, threat and environment included', () => {
    const base = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H';
    expect(scoresOfCvss(base)).toEqual({ version: '4.0', base: 10, overall: 10 });
    expect(scoresOfCvss(`${base}/E:U`)).toEqual({ version: '4.0', base: 10, overall: 9.1 });
  });

  it.each([
    'CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X',
    'CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/',
    'AV:N/AC:L/Au:N/C:C/I:C/A:C/XX:N',
    'AV:N/AC:L/Au:N/C:C/I:C',
    'av:n/ac:l/au:n/c:c/i:c/a:c',
  ])('refuses %s', (vector) => expect(scoresOfCvss(vector)).toBeUndefined());
});
