import { ContainerRecord, ImageRecord } from '@parapet/contract/wire';
import { describe, expect, it } from 'vitest';
import { applyEvent, containerRecordFromEvent, containerRecordOf } from './container-record.ts';
import { imageRecordOf } from './image-record.ts';
import { DockerContainer, DockerEvent, DockerImage } from './schema.ts';

const id = 'a'.repeat(64);
const inspected = (changes: Record<string, unknown> = {}): DockerContainer =>
  DockerContainer.parse({
    Id: id,
    Created: '2026-01-01T00:00:00.123456789Z',
    Name: '/web',
    Image: `sha256:${'b'.repeat(64)}`,
    State: {
      Status: 'running',
      Pid: 42,
      ExitCode: 0,
      StartedAt: '2026-01-01T00:00:01.5Z',
      FinishedAt: '0001-01-01T00:00:00Z',
    },
    Config: { Image: 'nginx:1', User: '', Labels: null },
    HostConfig: { NetworkMode: 'default', PidMode: '', Privileged: false, CapAdd: null },
    Mounts: null,
    NetworkSettings: { Ports: null, Networks: null },
    ...changes,
  });
const event = (Action: string, attributes: Record<string, string> = {}, atMs = 1000): DockerEvent =>
  DockerEvent.parse({ Type: 'container', Action, Actor: { ID: id, Attributes: attributes }, timeNano: atMs * 1e6 });
const recordOf = (container: DockerContainer) => ContainerRecord.parse(containerRecordOf(container, []));

describe('containerRecordOf', () => {
  it('reads a plain running container with everything optional missing', () => {
    expect(recordOf(inspected())).toMatchObject({
      key: `docker:${id}`,
      name: 'web',
      state: 'running',
      pid: 42,
      startedAt: Date.parse('2026-01-01T00:00:01.500Z'),
      ports: [],
      networks: [],
    });
    expect(recordOf(inspected()).endedAt).toBeUndefined();
  });

  it.each(['exited', 'dead', 'restarting', 'removing'])('has an end when it is %s', (Status) => {
    const State = {
      Status,
      Pid: 0,
      ExitCode: 9,
      OOMKilled: true,
      StartedAt: '2026-01-01T00:00:01Z',
      FinishedAt: '2026-01-01T00:00:03Z',
    };
    expect(recordOf(inspected({ State }))).toMatchObject({
      endedAt: Date.parse('2026-01-01T00:00:03Z'),
      exitCode: 9,
      oomKilled: true,
    });
  });

  it('has no end before it was started', () => {
    const State = { Status: 'created', Pid: 0, StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' };
    const record = recordOf(inspected({ State }));
    expect(record.endedAt).toBeUndefined();
    expect(record.startedAt).toBe(Date.parse('2026-01-01T00:00:00.123Z'));
  });

  it('reads ports, networks of both families, and drops what is malformed', () => {
    const NetworkSettings = {
      Ports: {
        '80/tcp': [
          { HostIp: '', HostPort: '8080' },
          { HostIp: '::', HostPort: '8080' },
        ],
        '53/udp': null,
        '99999/tcp': [{ HostIp: '', HostPort: '1' }],
        '81/tcp': [{ HostIp: '', HostPort: 'x' }],
        nonsense: [{ HostIp: '', HostPort: '1' }],
      },
      Networks: {
        bridge: {
          NetworkID: 'n',
          IPAddress: '172.17.0.2',
          IPPrefixLen: 16,
          GlobalIPv6Address: 'fd00::2',
          GlobalIPv6PrefixLen: 64,
        },
        none: null,
        host: { NetworkID: 'h', IPAddress: '' },
      },
    };
    const record = recordOf(inspected({ NetworkSettings }));
    expect(record.ports).toEqual([
      { protocol: 'tcp', containerPort: 80, hostAddress: '0.0.0.0', hostPort: 8080 },
      { protocol: 'tcp', containerPort: 80, hostAddress: '::', hostPort: 8080 },
    ]);
    expect(record.networks.map(({ address, prefixLength }) => `${address}/${prefixLength}`)).toEqual([
      '172.17.0.2/16',
      'fd00::2/64',
    ]);
  });

  it.each([
    ['/var/run/docker.sock', true],
    ['/run', true],
    ['/', true],
    ['/run/containerd/containerd.sock', true],
    ['/run/user', false],
    ['/data', false],
  ])('knows whether %s leads to a runtime’s socket', (Source, expected) => {
    const Mounts = [{ Type: 'bind', Source, Destination: '/x', RW: true }];
    expect(recordOf(inspected({ Mounts })).privilege.runtimeSocket).toBe(expected);
  });

  it('keeps secrets in labels to itself', () => {
    const Labels = {
      app: 'x',
      'db.password': 'hunter2',
      url: 'https://u:p4ss@h/',
      'com.docker.compose.service': 'web',
    };
    expect(recordOf(inspected({ Config: { Image: 'i', User: '', Labels } })).labels).toEqual({
      ...{ app: 'x', 'db.password': '****', url: 'https://u:****@h/' },
      'com.docker.compose.service': 'web',
    });
  });

  it('tells privilege and what a volume is not', () => {
    const record = recordOf(
      inspected({
        HostConfig: {
          NetworkMode: 'host',
          PidMode: 'host',
          Privileged: true,
          ReadonlyRootfs: true,
          CapAdd: ['SYS_ADMIN'],
        },
        Mounts: [{ Type: 'volume', Source: '/var/lib/docker/volumes/x/_data', Destination: '/d', RW: true }],
      }),
    );
    expect(record.privilege).toMatchObject({
      ...{ privileged: true, hostNetwork: true, hostPid: true, readOnlyRoot: true },
      ...{ capabilitiesAdded: ['SYS_ADMIN'], hostMounts: [] },
    });
  });
});

describe('a container known by its events alone', () => {
  it('has its image, its exit code and its whole life', () => {
    const created = containerRecordFromEvent(event('create', { image: 'x:1', name: 'n', app: 'y' }), undefined);
    const record = [event('start', {}, 2000), event('die', { exitCode: '7' }, 2200), event('destroy', {}, 2300)].reduce(
      applyEvent,
      created,
    );
    expect(ContainerRecord.parse(record)).toMatchObject({
      imageName: 'x:1',
      name: 'n',
      labels: { app: 'y' },
      state: 'removed',
      exitCode: 7,
      startedAt: 2000,
      endedAt: 2200,
    });
  });
});

describe('imageRecordOf', () => {
  it('keeps names, drops <none>, and dates it by its last tag', () => {
    const image = DockerImage.parse({
      Id: `sha256:${'c'.repeat(64)}`,
      RepoTags: ['a:1', '<none>:<none>'],
      RepoDigests: null,
      Created: '2020-01-01T00:00:00Z',
      Size: 5,
      Architecture: 'amd64',
      Config: null,
      Metadata: { LastTagTime: '2026-01-01T00:00:00Z' },
    });
    expect(ImageRecord.parse(imageRecordOf(image))).toMatchObject({
      tags: ['a:1'],
      startedAt: Date.parse('2026-01-01T00:00:00Z'),
      createdAt: Date.parse('2020-01-01T00:00:00Z'),
    });
  });
});
