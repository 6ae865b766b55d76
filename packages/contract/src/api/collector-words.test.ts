import { describe, expect, it } from 'vitest';
import {
  collectorAbout,
  collectorName,
  collectorWords,
  gapCause,
  lossAdvice,
  lossCause,
  lossPlace,
  sightOf,
  whenBlind,
} from './collector-words.ts';

describe('words for collectors and losses', () => {
  it('says of each one what it is for in a sentence, under a name of its own', () => {
    const all = Object.values(collectorWords);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { about } of all) expect(about).toMatch(/^[A-Z].*\.$/);
  });

  it('leaves alone what it does not know, whatever that is called', () => {
    for (const unknown of ['future', 'constructor', '__proto__', '']) {
      expect([collectorName(unknown), lossPlace(unknown), lossCause(unknown)]).toEqual([unknown, unknown, unknown]);
      expect([collectorAbout(unknown), whenBlind(unknown), lossAdvice(unknown)]).toEqual(['', '', '']);
    }
  });

  it('tells apart what is not there from what cannot be seen', () => {
    expect(sightOf({ name: 'docker', state: 'running', source: 'none here' })).toBe('Docker: none here');
    expect(sightOf({ name: 'docker', state: 'refused', source: '' })).toBe('Docker: cannot see');
  });

  it('says where something was lost, why, and what helps', () => {
    expect(lossPlace('kernel')).toMatch(/in the kernel/);
    expect(lossCause('ring full')).toMatch(/buffer was full/);
    expect(gapCause('kernel: ring full, spool: too large')).toBe(
      'the kernel’s buffer was full, in the kernel, before the sensor read it; larger than what is sent, on the host’s disk, before it was sent',
    );
    for (const sentence of ['It was killed: out of memory.', '/var/log/auth.log: the rest of it is gone', ''])
      expect(gapCause(sentence)).toBe(sentence);
    expect(lossAdvice('kernel')).toMatch(/PARAPET_CPU_LIMIT/);
  });
});
