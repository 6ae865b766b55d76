import { describe, expect, it } from 'vitest';
import { notesOf } from './event-notes.ts';
import type { HuntEvent } from './hunt.ts';

const texts = (event: HuntEvent): readonly string[] => notesOf(event).map(({ text }) => text);

describe('what to know of an event', () => {
  it('is nothing for what the kernel told', () => {
    expect(notesOf({ 'event.action': 'exec', 'parapet.source': 'ebpf' })).toEqual([]);
  });

  it.each([
    ['record', /only programs of the system/, false],
    ['journal', /root’s program/, false],
    ['text', /not a proof/, false],
    ['container', /root in it.*not a proof/, false],
    ['forged', /Forged/, true],
  ])('says what %s proves of a login', (evidence, words, isWarning) => {
    const [note, ...more] = notesOf({ 'event.action': 'login', 'parapet.login.evidence': evidence });
    expect(note?.text).toMatch(words);
    expect(note?.isWarning).toBe(isWarning);
    expect(more).toEqual([]);
  });

  it('says why there is no hash, also for a reason that a newer sensor has', () => {
    expect(texts({ 'parapet.file.hash_absent': 'large' })).toEqual([
      'The content has no hash: it is larger than what is read.',
    ]);
    expect(texts({ 'parapet.process.hash_absent': 'asleep' })).toEqual(['The program has no hash: asleep.']);
  });

  it('says how it is known who changed something', () => {
    expect(texts({ 'parapet.change.process': 'file event' })[0]).toMatch(/only one that changed the file/);
    expect(texts({ 'parapet.change.process': 'several' })[0]).toMatch(/Several processes/);
    expect(texts({ 'parapet.change.process': 'of a newer sensor' })).toEqual([]);
  });

  it('warns of what nobody saw, and of programs without a file', () => {
    expect(texts({ 'parapet.change.while_away': true })[0]).toMatch(/while no sensor looked/);
    expect(texts({ 'parapet.change.while_away': false, 'parapet.process.memfd': false })).toEqual([]);
    expect(notesOf({ 'parapet.process.memfd': true, 'parapet.process.deleted': true })).toHaveLength(2);
  });
});
