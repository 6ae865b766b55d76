import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { gemspec } from './index.ts';

const installed = `# -*- encoding: utf-8 -*-
# stub: a 1.0.0 ruby lib

Gem::Specification.new do |s|
  s.name = "a".freeze
  s.version = "1.0.0".freeze
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.add_dependency(%q<b>.freeze, [">= 2"])
end
`;
const built = (load: string): string =>
  `${load}\nGem::Specification.new do |spec|\n  spec.name = 'b'\n  spec.version = B::VERSION\nend\n`;

describe('a gemspec', () => {
  it('of an installed gem has name, version and licences', async () => {
    const path = '/usr/lib/ruby/gems/3.1.0/specifications/a-1.0.0.gemspec';
    expect((await extractFrom(gemspec, { [path]: installed })).packages).toEqual([
      { name: 'a', version: '1.0.0', licences: ['MIT', 'Ruby'] },
    ]);
  });

  it.each([
    "require_relative 'lib/b/version'",
    "require_relative './lib/b/version.rb' if true",
    "require File.dirname(__FILE__) + '/lib/b/version'",
    "$LOAD_PATH.unshift(lib)\nrequire 'b/version'",
  ])('may keep its version elsewhere: %s', async (load) => {
    const files = {
      '/src/b.gemspec': built(load),
      '/src/lib/b/version.rb': "module B\n  VERSION = '2.0.0'.freeze\nend\n",
    };
    expect((await extractFrom(gemspec, files)).packages).toEqual([
      { name: 'b', version: '2.0.0', licences: [], evidence: 'declared' },
    ]);
  });

  it('inside of an installed gem says nothing new', async () => {
    expect(
      await namesFrom(gemspec, { '/gems/a-1.0.0/a.gemspec': installed, '/gems/a-1.0.0/lib/a/version.rb': '' }),
    ).toEqual([]);
  });

  it('whose version is nowhere to be read is a problem', async () => {
    const { problems } = await extractFrom(gemspec, { '/b.gemspec': built(''), '/c.gemspec': 'text' });
    expect(problems).toHaveLength(2);
  });

  it('survives damage', () => survivesDamage(gemspec, '/specifications/a.gemspec', installed));
});
