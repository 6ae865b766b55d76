import { describe, expect, it } from 'vitest';
import { makeConfig, parsePin } from './config.ts';
import { readEnv } from './env.ts';

const configOf = (env: Record<string, string>, isRoot = true) => makeConfig(readEnv(env), { isRoot });

describe('makeConfig', () => {
  it('has defaults for root and for a user', () => {
    expect(configOf({})).toMatchObject({
      consoleUrls: [],
      stateDir: '/var/lib/parapet/sensor',
      dockerSocket: { kind: 'socket', path: '/var/run/docker.sock', isNamed: false },
      logLevel: 'info',
    });
    expect(configOf({ HOME: '/home/a' }, false).stateDir).toBe('/home/a/.local/share/parapet/sensor');
    expect(() => configOf({}, false)).toThrow(/PARAPET_STATE_DIR/);
  });

  it('takes several consoles, by https only', () => {
    expect(configOf({ PARAPET_CONSOLE_URL: 'https://a:8443/x, https://b' }).consoleUrls).toEqual([
      'https://a:8443',
      'https://b',
    ]);
    expect(() => configOf({ PARAPET_CONSOLE_URL: 'http://a' })).toThrow(/is no address of a console/);
  });

  it('touches the kernel’s audit only where it was told to', () => {
    expect(configOf({}).audit).toBe('off');
    expect(configOf({ PARAPET_EVENT_SOURCE: 'proc-connector' }).audit).toBe('off');
    expect(configOf({ PARAPET_EVENT_SOURCE: 'audit' })).toMatchObject({ eventSource: 'audit', audit: 'unused' });
    expect(configOf({ PARAPET_EVENT_SOURCE: 'audit', PARAPET_AUDIT: 'off' }).audit).toBe('off');
    expect(configOf({ PARAPET_AUDIT: 'shared' }).audit).toBe('shared');
    expect(() => configOf({ PARAPET_AUDIT: 'on' })).toThrow(/PARAPET_AUDIT/);
  });

  it('reads the docker socket and says why it does not follow another host', () => {
    expect(configOf({ DOCKER_HOST: 'unix:///run/x.sock' }).dockerSocket).toEqual({
      kind: 'socket',
      path: '/run/x.sock',
      isNamed: true,
    });
    expect(configOf({ DOCKER_HOST: 'tcp://1.2.3.4:2375' }).dockerSocket).toMatchObject({ kind: 'unsupported' });
  });

  it('finds host and Docker below another root, as in a container', () => {
    expect(configOf({ PARAPET_HOST_ROOT: '/host' })).toMatchObject({
      rootPath: '/host',
      dockerSocket: { kind: 'socket', path: '/host/run/docker.sock', isNamed: false },
    });
    const named = configOf({ PARAPET_HOST_ROOT: '/host', DOCKER_HOST: 'unix:///srv/docker.sock' });
    expect(named.dockerSocket).toEqual({ kind: 'socket', path: '/host/srv/docker.sock', isNamed: true });
    expect(() => configOf({ PARAPET_HOST_ROOT: 'host' })).toThrow(/PARAPET_HOST_ROOT/);
  });

  it('reads the proxy and its exceptions; empty variables count as absent', () => {
    expect(configOf({ HTTPS_PROXY: '' }).proxy).toBeUndefined();
    const { proxy } = configOf({ https_proxy: 'proxy.example:3128', NO_PROXY: '.local, Other' });
    expect(proxy?.url.host).toBe('proxy.example:3128');
    expect(proxy?.except).toEqual(['.local', 'other']);
  });
});

describe('parsePin', () => {
  const hex = 'ab'.repeat(32);
  it.each([
    hex,
    hex.toUpperCase(),
    `sha256:${hex}`,
    hex.match(/../g)?.join(':') ?? '',
    Buffer.from(hex, 'hex').toString('base64'),
  ])('reads %s', (text) => {
    const pin = parsePin(text);
    expect(pin.ok && pin.value.toString('hex')).toBe(hex);
  });
  it.each(['', 'abc', hex.slice(2), `${hex}00`])('refuses "%s"', (text) => {
    expect(parsePin(text).ok).toBe(false);
  });
});
