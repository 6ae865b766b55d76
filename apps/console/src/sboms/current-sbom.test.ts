import { expect, test } from 'vitest';
import { chooseSbom, type ReportedSbom } from './current-sbom.ts';

const report = (id: string, contentHash: string, minute: number, current = false): ReportedSbom => ({
  id,
  contentHash,
  receivedAt: new Date(minute * 60_000),
  current,
});

test('one host’s word serves and is marked', () => {
  expect(chooseSbom([report('a', 'x', 1)])).toEqual({ id: 'a', contentHash: 'x', trust: 'single' });
});

test('two hosts that say the same are believed', () => {
  expect(chooseSbom([report('a', 'x', 1, true), report('b', 'x', 2)])).toMatchObject({ id: 'a', trust: 'agreed' });
});

test('a contradiction is shown and does not change what counts', () => {
  expect(chooseSbom([report('a', 'x', 5, true), report('b', 'y', 1)])).toMatchObject({
    id: 'a',
    trust: 'contradicted',
  });
});

test('most hosts decide, whoever spoke first', () => {
  const reports = [report('a', 'x', 1, true), report('b', 'y', 2), report('c', 'y', 3)];
  expect(chooseSbom(reports)).toMatchObject({ contentHash: 'y', trust: 'contradicted' });
});

test('nothing reported, nothing chosen', () => expect(chooseSbom([])).toBeUndefined());
