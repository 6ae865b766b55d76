import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCloudFacts } from './cloud-metadata.ts';
import { readAddresses, readFirstStart, readFixedHostFacts, readHostEvidence } from './host-facts.ts';
import { parseOsRelease } from './os-release.ts';

describe('parseOsRelease', () => {
  it('reads quoted and plain values', () => {
    expect(parseOsRelease('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \\"x\\""\n# c\n')).toEqual({
      id: 'debian',
      versionId: '12',
      name: 'Debian "x"',
    });
    expect(parseOsRelease('')).toEqual({ id: 'linux', versionId: '', name: 'linux' });
  });
});

it('takes for the first start of a machine when its id was written, and nothing where it has none', () => {
  const root = mkdtempSync(join(tmpdir(), 'host-'));
  const path = join(root, 'etc/machine-id');
  mkdirSync(join(root, 'etc'));
  expect(readFirstStart(root, 9000)).toBeUndefined();
  writeFileSync(path, '');
  expect(readFirstStart(root, 9000)).toBeUndefined();
  writeFileSync(path, '0123456789abcdef0123456789abcdef\n');
  utimesSync(path, 5, 5);
  expect(readFirstStart(root, 9000)).toBe(5000);
  expect(readFirstStart(root, 4000)).toBe(4000);
  rmSync(root, { recursive: true });
});

describe('readCloudFacts', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const serve = async (answer: (request: IncomingMessage) => string | undefined) => {
    const server = createServer((request, response) => {
      const text = answer(request);
      response.writeHead(text === undefined ? 404 : 200).end(text);
    });
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  };

  it('reads AWS with a session token only', async () => {
    const endpoint = await serve((request) => {
      if (request.method === 'PUT' && request.url === '/latest/api/token') return 'TOKEN';
      if (request.headers['x-aws-ec2-metadata-token'] !== 'TOKEN') return undefined;
      if (request.url === '/latest/dynamic/instance-identity/document')
        return '{"instanceId":"i-1","region":"eu-west-1","availabilityZone":"eu-west-1a","instanceType":"m5.large","accountId":"123","x":1}';
      if (request.url === '/latest/meta-data/mac') return '0a:00:00:00:00:01';
      if (request.url?.endsWith('/vpc-id') === true) return 'vpc-9';
      return undefined;
    });
    expect(await readCloudFacts(endpoint)).toEqual({
      provider: 'aws',
      instanceId: 'i-1',
      region: 'eu-west-1',
      zone: 'eu-west-1a',
      instanceType: 'm5.large',
      accountId: '123',
      network: 'vpc-9',
    });
  });

  it('reads Google Cloud with an id beyond a double', async () => {
    const endpoint = await serve((request) => {
      if (request.headers['metadata-flavor'] !== 'Google') return undefined;
      if (request.url === '/computeMetadata/v1/instance/id') return '4567890123456789012';
      return '{"instance":{"id":4567890123456789012,"zone":"projects/1/zones/europe-west1-b","machineType":"projects/1/machineTypes/e2-small","networkInterfaces":[{"network":"projects/1/networks/default"}]},"project":{"projectId":"p"}}';
    });
    expect(await readCloudFacts(endpoint)).toEqual({
      provider: 'gcp',
      instanceId: '4567890123456789012',
      region: 'europe-west1',
      zone: 'europe-west1-b',
      instanceType: 'e2-small',
      accountId: 'p',
      network: 'default',
    });
  });

  it('reads Azure', async () => {
    const endpoint = await serve((request) =>
      request.headers['metadata'] === 'true' && request.url?.startsWith('/metadata/instance') === true
        ? '{"compute":{"vmId":"v","location":"westeurope","zone":"","vmSize":"B2s","subscriptionId":"s"}}'
        : undefined,
    );
    expect(await readCloudFacts(endpoint)).toEqual({
      provider: 'azure',
      instanceId: 'v',
      region: 'westeurope',
      instanceType: 'B2s',
      accountId: 's',
    });
  });

  it('gives up on silence, nonsense and endless answers', async () => {
    expect(await readCloudFacts(await serve(() => 'x'.repeat(100_000)))).toBeUndefined();
    const silent = createServer(() => {});
    servers.push(silent);
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    expect(await readCloudFacts({ host: '127.0.0.1', port: (silent.address() as AddressInfo).port })).toBeUndefined();
    silent.closeAllConnections();
  });
});

describe('this host', () => {
  it('has facts, addresses and evidence', () => {
    const facts = readFixedHostFacts('/');
    expect(facts.memoryBytes).toBeGreaterThan(0);
    expect(facts.cpu.count).toBeGreaterThan(0);
    expect(readAddresses().some(({ address }) => address === '127.0.0.1')).toBe(true);
    expect(readHostEvidence('/', { provider: 'aws', instanceId: 'i-1' })).toMatchObject({ cloudInstanceId: 'aws:i-1' });
  });
});
