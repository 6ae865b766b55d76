import { describe, expect, it } from 'vitest';
import { createDockerProxies, parseProxyArguments, readProcessArguments } from './docker-proxy.ts';
import { program } from './testing/fakes.ts';

const line =
  '/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 -use-listen-fd';

describe('parseProxyArguments', () => {
  const target = { protocol: 'tcp', hostPort: 8080, container: { address: '172.17.0.2', port: 80 } };

  it('reads the arguments in their usual form, and with equals signs', () => {
    expect(parseProxyArguments(line.split(' '))).toEqual(target);
    const joined = [
      'docker-proxy',
      '--proto=tcp',
      '--host-port=8080',
      '--container-ip=172.17.0.2',
      '--container-port=80',
    ];
    expect(parseProxyArguments(joined)).toEqual(target);
  });

  it.each([
    ['nothing', []],
    ['another protocol', line.replace('tcp', 'sctp').split(' ')],
    ['no address', line.replace('-container-ip', '-other').split(' ')],
    ['a port that is none', line.replace('8080', '80800').split(' ')],
    ['a flag without its value', [...line.split(' ').slice(0, 9), '-container-port']],
  ])('refuses %s', (_, words) => {
    expect(parseProxyArguments(words)).toBeUndefined();
  });
});

describe('createDockerProxies', () => {
  it('believes only a program of the host', () => {
    const proxies = createDockerProxies(() => line.split(' '));
    expect(proxies.targetOf(program(1, '/usr/bin/docker-proxy'))?.hostPort).toBe(8080);
    expect(proxies.targetOf(program(2, '/usr/bin/docker-proxy', 'docker:1'))).toBeUndefined();
    expect(proxies.targetOf(program(3, '/usr/bin/other'))).toBeUndefined();
  });

  it('reads each process once', () => {
    let reads = 0;
    const proxies = createDockerProxies(() => {
      reads += 1;
      return [];
    });
    for (let time = 0; time < 3; time += 1) proxies.targetOf(program(1, '/usr/bin/docker-proxy'));
    expect(reads).toBe(1);
  });
});

it('reads the arguments of a process, and none of one that is gone', () => {
  expect(readProcessArguments('/proc', process.pid)[0]).toContain('node');
  expect(readProcessArguments('/proc', 0)).toEqual([]);
});
