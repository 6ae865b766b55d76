import type { TelemetryEvent } from '../../packages/contract/src/telemetry/index.ts';

/** What one host tells: starts and ends of programs in its containers and what they connect to, as a busy web host would. */
export type EventsOf = {
  /** Which of the fleet's hosts. */
  readonly host: number;
  readonly containers: number;
  readonly startUs: number;
  readonly stepUs: number;
};

const programs = [
  ['/usr/bin/curl', 'curl', ['-fsS', '--max-time', '5', 'http://127.0.0.1:8080/health']],
  ['/bin/sh', 'sh', ['-c', 'test -f /run/ready && exec /usr/local/bin/check --all']],
  ['/usr/bin/pg_isready', 'pg_isready', ['-h', '10.2.0.14', '-p', '5432']],
  ['/usr/sbin/nginx', 'nginx', ['-g', 'daemon off;']],
  ['/usr/bin/python3', 'python3', ['-m', 'gunicorn', 'app:server', '--workers', '4']],
] as const;

/** Two starts, two ends and a connection in every five; the same number always makes the same event. */
export const plausibleEvent = ({ host, containers, startUs, stepUs }: EventsOf, index: number): TelemetryEvent => {
  const container = index % containers;
  const turn = Math.floor(index / 5);
  const pid = 1000 + ((turn * 2 + (index % 2)) % 31_000);
  const [executable, name, args] = programs[(turn + container) % programs.length] ?? programs[0];
  const at = startUs + index * stepUs;
  const base = {
    '@timestamp': at,
    'process.pid': pid,
    'process.entity_id': `${(host * 7919 + turn).toString(16).padStart(12, '0')}`,
    'process.name': name,
    'process.executable': executable,
    'parapet.source': 'ebpf',
    'user.id': container % 3 === 0 ? 0 : 1000 + container,
    'container.id': containerId(host, container),
    'container.name': `web-${container}`,
    'container.image.name': `registry.example/shop/web:${container % 7}`,
  };
  if (index % 5 === 4)
    return {
      ...base,
      'event.action': 'connect',
      'network.transport': 'tcp',
      'network.direction': 'egress',
      'source.ip': `10.1.${host % 250}.${container + 2}`,
      'source.port': 32_768 + ((index * 31) % 28_000),
      'destination.ip': `10.2.0.${turn % 200}`,
      'destination.port': turn % 3 === 0 ? 5432 : 443,
    };
  if (index % 2 === 1) return { ...base, 'event.action': 'exit', 'process.exit_code': turn % 50 === 0 ? 1 : 0 };
  return {
    ...base,
    'event.action': 'exec',
    'process.args': [executable, ...args],
    'process.args_count': args.length + 1,
    'process.command_line': [executable, ...args].join(' '),
    'process.working_directory': '/srv/app',
    'process.start': at,
    'process.parent.pid': 900 + container,
    'process.parent.name': 'containerd-shim',
  };
};

export const containerId = (host: number, container: number): string =>
  `${host.toString(16).padStart(8, '0')}${container.toString(16).padStart(8, '0')}`.repeat(4);
