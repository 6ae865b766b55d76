import { describe, expect, it } from 'vitest';
import { isLoopback, parseImageReference } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseImageReference', () => {
  it.each([
    ['debian', 'registry-1.docker.io', 'library/debian', 'latest', undefined],
    ['docker.io/debian:12', 'registry-1.docker.io', 'library/debian', '12', undefined],
    ['some/app:1.0-x', 'registry-1.docker.io', 'some/app', '1.0-x', undefined],
    ['localhost/app', 'localhost', 'app', 'latest', undefined],
    ['localhost:5000/a/b/c:1', 'localhost:5000', 'a/b/c', '1', undefined],
    [`ghcr.io/a/b:1@${digest}`, 'ghcr.io', 'a/b', '1', digest],
    ['[::1]:5000/app', '[::1]:5000', 'app', 'latest', undefined],
  ])('%s', (text, host, repository, tag, named) => {
    expect(parseImageReference(text)).toMatchObject({ ok: true, value: { host, repository, tag, digest: named } });
  });

  it.each([
    '',
    ':1',
    'a:',
    'A/b',
    'a//b',
    '../a',
    'x.io/../../v2/secret',
    'x.io/a?b=c',
    'x.io/a#b',
    'user:secret@x.io/a',
    'x.io@evil.io/a',
    'a@sha256:short',
    'x.io:5000:1/a',
    'a b',
    `x.io/${'a'.repeat(2000)}`,
  ])('refuses %j', (text) => expect(parseImageReference(text)).toMatchObject({ ok: false }));
});

it.each([
  ['localhost:5000', true],
  ['127.0.0.1', true],
  ['[::1]:80', true],
  ['127.0.0.1.evil.io', false],
  ['localhost.evil.io', false],
])('%s is this machine: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
