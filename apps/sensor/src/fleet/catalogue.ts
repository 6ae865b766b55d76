/** What an invented company runs. Names of programs are real, so that pages look as they do in earnest; the company is not. */

export type HostRole = 'edge' | 'app' | 'data' | 'batch' | 'observability' | 'ci' | 'bastion';

/** The roles of the hosts of one site, in the order in which a site grows. */
export const siteRoles: readonly HostRole[] = [
  ...['edge', 'app', 'data', 'app', 'observability', 'app', 'batch', 'app', 'ci', 'app'],
  ...['edge', 'app', 'data', 'app', 'batch', 'app', 'app', 'data', 'app', 'bastion'],
] as HostRole[];

export type Runtime = 'node' | 'jvm' | 'go' | 'python' | 'native';

export type Service = {
  readonly name: string;
  /** Repository of its image. */
  readonly image: string;
  readonly base: 'debian' | 'alpine';
  readonly runtime: Runtime;
  readonly program: string;
  readonly arguments: readonly string[];
  /** Programs that it starts beside the first one. */
  readonly workers: number;
  readonly port: number;
  readonly role: HostRole | 'every';
  /** Replicas for each host of the role. */
  readonly share: number;
  readonly calls: readonly string[];
  /** Who it meets on the Internet. */
  readonly internet?: 'in' | 'out';
  /** Served to other hosts by a published port. */
  readonly published: boolean;
  readonly hostMounts?: readonly string[];
  readonly privileged?: boolean;
  readonly root?: boolean;
};

const shop = (name: string, runtime: Runtime, calls: readonly string[], more: Partial<Service> = {}): Service => ({
  name,
  image: `registry.shop.example/${name}`,
  base: runtime === 'go' ? 'alpine' : 'debian',
  role: 'app',
  share: 0.5,
  workers: runtime === 'python' ? 4 : 0,
  port: 8080,
  published: true,
  runtime,
  calls,
  ...programs[runtime](name),
  ...more,
});

const programs: Readonly<Record<Runtime, (name: string) => Pick<Service, 'program' | 'arguments'>>> = {
  node: (name) => ({ program: '/usr/local/bin/node', arguments: ['node', `/app/${name}/server.js`] }),
  jvm: (name) => ({ program: '/opt/java/bin/java', arguments: ['java', '-Xmx768m', '-jar', `/app/${name}.jar`] }),
  go: (name) => ({ program: `/${name}`, arguments: [`/${name}`, '--listen', ':8080'] }),
  python: (name) => ({ program: '/usr/local/bin/python3.12', arguments: ['gunicorn', '-w', '4', `${name}.app:app`] }),
  native: (name) => ({ program: `/usr/sbin/${name}`, arguments: [name] }),
};

const bought = (name: string, part: Partial<Service> & Pick<Service, 'role' | 'port' | 'program'>): Service => ({
  name,
  image: name,
  base: 'debian',
  runtime: 'native',
  arguments: [part.program.split('/').at(-1) ?? name],
  workers: 0,
  share: 1,
  calls: [],
  published: true,
  ...part,
});

export const services: readonly Service[] = [
  bought('nginx', {
    role: 'edge',
    port: 443,
    program: '/usr/sbin/nginx',
    workers: 4,
    calls: ['web', 'api', 'auth'],
    internet: 'in',
    root: true,
  }),
  shop('web', 'node', ['api', 'catalog', 'flags']),
  shop('api', 'node', ['auth', 'cart', 'orders', 'catalog', 'search', 'flags', 'redis']),
  shop('auth', 'go', ['postgres', 'redis']),
  shop('catalog', 'jvm', ['postgres', 'redis', 'opensearch']),
  shop('cart', 'node', ['redis', 'catalog']),
  shop('orders', 'jvm', ['postgres', 'kafka', 'payments', 'inventory']),
  shop('payments', 'go', ['postgres', 'kafka'], { internet: 'out' }),
  shop('inventory', 'go', ['postgres', 'kafka']),
  shop('search', 'jvm', ['opensearch', 'redis']),
  shop('recommend', 'python', ['redis', 'opensearch'], { share: 0.25 }),
  shop('shipping', 'node', ['postgres', 'kafka'], { share: 0.25, internet: 'out' }),
  shop('notify', 'python', ['kafka', 'redis'], { share: 0.25, internet: 'out' }),
  shop('flags', 'go', ['redis'], { share: 0.25 }),
  bought('postgres', {
    role: 'data',
    port: 5432,
    program: '/usr/lib/postgresql/16/bin/postgres',
    workers: 7,
    share: 0.7,
  }),
  bought('redis', { role: 'data', port: 6379, program: '/usr/local/bin/redis-server', base: 'alpine' }),
  bought('kafka', {
    role: 'data',
    port: 9092,
    program: '/opt/java/bin/java',
    image: 'apache/kafka',
    runtime: 'jvm',
    arguments: ['java', '-Xmx1G', 'kafka.Kafka', '/etc/kafka/server.properties'],
  }),
  bought('opensearch', {
    role: 'data',
    port: 9200,
    program: '/opt/java/bin/java',
    image: 'opensearchproject/opensearch',
    runtime: 'jvm',
    arguments: ['java', '-Xms2g', 'org.opensearch.bootstrap.OpenSearch'],
    share: 0.7,
  }),
  shop('worker', 'python', ['kafka', 'postgres', 'redis'], { role: 'batch', share: 3, published: false }),
  shop('reports', 'python', ['postgres', 'opensearch'], { role: 'batch', share: 1, published: false, internet: 'out' }),
  bought('prometheus', {
    role: 'observability',
    port: 9090,
    program: '/bin/prometheus',
    image: 'prom/prometheus',
    base: 'alpine',
    runtime: 'go',
    calls: ['node-exporter'],
  }),
  bought('grafana', {
    role: 'observability',
    port: 3000,
    program: '/usr/share/grafana/bin/grafana',
    image: 'grafana/grafana',
    base: 'alpine',
    runtime: 'go',
    calls: ['prometheus', 'loki'],
  }),
  bought('loki', {
    role: 'observability',
    port: 3100,
    program: '/usr/bin/loki',
    image: 'grafana/loki',
    base: 'alpine',
    runtime: 'go',
  }),
  bought('ci-runner', {
    role: 'ci',
    port: 9252,
    program: '/usr/bin/gitlab-runner',
    image: 'gitlab/gitlab-runner',
    share: 3,
    published: false,
    internet: 'out',
    privileged: true,
    root: true,
    hostMounts: ['/var/run/docker.sock'],
  }),
  bought('node-exporter', {
    role: 'every',
    port: 9100,
    program: '/bin/node_exporter',
    image: 'prom/node-exporter',
    base: 'alpine',
    runtime: 'go',
    hostMounts: ['/proc', '/sys', '/'],
  }),
  bought('promtail', {
    role: 'every',
    port: 9080,
    program: '/usr/bin/promtail',
    image: 'grafana/promtail',
    runtime: 'go',
    calls: ['loki'],
    published: false,
    root: true,
    hostMounts: ['/var/log'],
  }),
];

export type Site = {
  readonly zone: string;
  readonly environment: 'production' | 'staging';
  readonly provider: string;
  readonly region: string;
};

/** Each site of some twenty hosts is a network zone of its own; beyond these the names are numbered on. */
export const sites: readonly Site[] = [
  { zone: 'frankfurt', environment: 'production', provider: 'aws', region: 'eu-central-1' },
  { zone: 'virginia', environment: 'production', provider: 'aws', region: 'us-east-1' },
  { zone: 'staging', environment: 'staging', provider: 'gcp', region: 'europe-west3' },
];

export type HostSystem = {
  readonly id: string;
  readonly versionId: string;
  readonly name: string;
  readonly kernels: readonly string[];
};

export const systems: readonly HostSystem[] = [
  {
    id: 'debian',
    versionId: '12',
    name: 'Debian GNU/Linux 12 (bookworm)',
    kernels: ['6.1.0-18-amd64', '6.1.0-32-amd64'],
  },
  { id: 'ubuntu', versionId: '22.04', name: 'Ubuntu 22.04.4 LTS', kernels: ['5.15.0-101-generic', '6.5.0-1018-aws'] },
  { id: 'debian', versionId: '11', name: 'Debian GNU/Linux 11 (bullseye)', kernels: ['5.10.0-28-amd64'] },
];
