import { describe, expect, it } from 'vitest';
import { packageUrlOf } from './package-url.ts';

describe('packageUrlOf', () => {
  it.each([
    ['npm', '@scope/name', '1.0.0', 'pkg:npm/%40scope/name@1.0.0'],
    ['npm', 'JSONStream', '1.0.0', 'pkg:npm/JSONStream@1.0.0'],
    ['pypi', 'Zope.Interface_x', '5', 'pkg:pypi/zope.interface-x@5'],
    ['maven', 'org.example:Part', '1.0', 'pkg:maven/org.example/Part@1.0'],
    ['golang', 'github.com/User/mod/v2', 'v2.0.0', 'pkg:golang/github.com/User/mod/v2@v2.0.0'],
    ['nuget', 'Newtonsoft.Json', '', 'pkg:nuget/Newtonsoft.Json'],
    ['cargo', 'a/b', '1+c', 'pkg:cargo/a%2Fb@1%2Bc'],
    ['golang', 'example.org/m', '1.0.0', 'pkg:golang/example.org/m@v1.0.0'],
    ['golang', 'stdlib', '1.22.0', 'pkg:golang/stdlib@1.22.0'],
    ['maven', 'part', '1', 'pkg:maven/part@1'],
  ])('%s %s', (type, name, version, expected) => expect(packageUrlOf(type, name, version)).toBe(expected));
});
