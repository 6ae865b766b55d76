import { expect, it } from 'vitest';
import { parseDestinations } from './destinations.ts';

it('are formats, each to a file or one to standard output', () => {
  const parsed = parseDestinations(['table', 'sarif=out=1.sarif', 'json=x.json']);
  expect(parsed.map(({ format, file }) => [format.name, file])).toEqual([
    ['table', undefined],
    ['sarif', 'out=1.sarif'],
    ['json', 'x.json'],
  ]);
});

it.each([[['pdf']], [['json=']], [['']], [['json', 'sarif']]])('%j is refused', (texts) => {
  expect(() => parseDestinations(texts)).toThrow(/-o/);
});
