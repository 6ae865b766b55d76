import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { dotnetDeps } from './index.ts';

const text = JSON.stringify({
  libraries: { 'App/1.0.0': { type: 'project' }, 'A.B/2.0.0-rc.1': { type: 'package' }, '/3.0.0': {}, odd: {} },
});

describe('a deps.json file', () => {
  it('names the libraries of a program', async () => {
    expect(await namesFrom(dotnetDeps, { '/app/App.deps.json': text, '/app/other.json': text })).toEqual([
      'A.B@2.0.0-rc.1',
      'App@1.0.0',
    ]);
  });

  it('that is none is a problem', async () => {
    expect((await extractFrom(dotnetDeps, { '/a.deps.json': 'x' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(dotnetDeps, '/a.deps.json', text));
});
