import { expect, test } from 'vitest';
import { chooseSbom, type ReportedSbom } from './current-sbom.ts';

const report = (
  id: string,
  contentHash: string,
  minute: number,
  current = false,
  scanner: string | null = '0.1.0',
): ReportedSbom => ({
  id,
  contentHash,
  receivedAt: new Date(minute * 60_000),
  current,
  scanner,
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

test('a newer scanner that finds more does not contradict an older one, and goes before it', () => {
  const old = report('a', 'x', 1, true, '0.9.0');
  expect(chooseSbom([old, report('b', 'x', 2, false, null), report('c', 'y', 3, false, '0.10.0')])).toEqual({
    id: 'c',
    contentHash: 'y',
    trust: 'single',
  });
});

test('nothing reported, nothing chosen', () => expect(chooseSbom([])).toBeUndefined());
