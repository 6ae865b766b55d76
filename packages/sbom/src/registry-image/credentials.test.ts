import { describe, expect, it } from 'vitest';
import { credentialsFrom } from './credentials.ts';

const none = async () => undefined;
const auth = Buffer.from('user:pass:word').toString('base64');
const find = (config: object, registry = 'x.io', helper: (name: string) => Promise<string | undefined> = none) =>
  credentialsFrom(JSON.stringify(config), registry, helper);

describe('credentials of config.json', () => {
  it.each([
    [{ auths: { 'x.io': { auth } } }, { kind: 'basic', user: 'user', password: 'pass:word' }],
    [{ auths: { 'https://x.io/v1/': { auth } } }, { kind: 'basic', user: 'user', password: 'pass:word' }],
    [{ auths: { 'x.io': { auth, identitytoken: 't' } } }, { kind: 'identity-token', token: 't' }],
    [{ auths: { 'other.io': { auth } } }, undefined],
    [{ auths: { 'x.io': {} } }, undefined],
    [{}, undefined],
  ])('%j', async (config, value) => expect(await find(config)).toEqual({ ok: true, value }));

  it('come from the program it names', async () => {
    const asked: string[] = [];
    const helper = async (name: string) => {
      asked.push(name);
      return '{"Username":"<token>","Secret":"s"}';
    };
    const config = { credsStore: 'store', credHelpers: { 'x.io': 'ecr-login' } };
    expect(await find(config, 'x.io', helper)).toMatchObject({ value: { kind: 'identity-token', token: 's' } });
    expect(await find(config, 'y.io', helper)).toMatchObject({ ok: true });
    expect(asked).toEqual(['ecr-login', 'store']);
  });

  it('never run a program outside the name', async () => {
    expect(await find({ credsStore: '../../tmp/x' })).toMatchObject({ ok: false });
    expect(await credentialsFrom('nonsense', 'x.io', none)).toMatchObject({ ok: false });
  });
});
