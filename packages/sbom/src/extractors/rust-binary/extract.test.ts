import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { elfOf, machOOf, peOf } from '../../testing/program.ts';
import { rustBinary } from './index.ts';

const list = deflateSync(
  JSON.stringify({
    packages: [
      { name: 'app', version: '0.1.0', source: 'local', root: true, dependencies: [1] },
      { name: 'serde', version: '1.0.0', source: 'crates.io' },
      { name: 'cc', version: '2.0.0', source: 'crates.io', kind: 'build' },
    ],
  }),
);

describe('a program of Rust', () => {
  it.each([elfOf({ '.dep-v0': list }), machOOf({ '.dep-v0': list }), peOf({ '.dep-v0': list })])(
    'carries its crates',
    async (program) => {
      expect((await extractFrom(rustBinary, { '/app': program })).packages).toEqual([
        { name: 'app', version: '0.1.0', files: ['/app'] },
        { name: 'serde', version: '1.0.0', files: ['/app'] },
        { name: 'cc', version: '2.0.0', scope: 'build', files: ['/app'] },
      ]);
    },
  );

  it('that carries a bomb is a problem', async () => {
    const program = elfOf({ '.dep-v0': deflateSync(Buffer.alloc(100 * 1024 * 1024, ' ')) });
    expect((await extractFrom(rustBinary, { '/app': program })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(rustBinary, '/app', elfOf({ '.dep-v0': list })));
});
