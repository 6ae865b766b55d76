/** Settings of the embedded server, given on its command line so that they hold for a data folder of any age. */
export const serverArguments = (options: {
  readonly dataDir: string;
  readonly socketDir: string;
  readonly major: number;
  /** False only for tests: a power cut may lose what was committed. */
  readonly durable: boolean;
}): readonly string[] => {
  const settings: Readonly<Record<string, string | undefined>> = {
    // Only a unix socket in a folder that nobody else can enter: this is its access control.
    listen_addresses: '',
    unix_socket_directories: options.socketDir,
    unix_socket_permissions: '0700',
    max_connections: '40',
    shared_buffers: '64MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    effective_cache_size: '512MB',
    // The larger it is, the fewer pages are written whole: a page is, with its first change after a checkpoint.
    max_wal_size: '1GB',
    min_wal_size: '80MB',
    // What it would save is what checkpoints further apart save, and pglz, the one kind that this server has, took most of a change's time.
    wal_compression: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    checkpoint_timeout: '10min',
    random_page_cost: '1.1',
    huge_pages: 'off',
    jit: 'off',
    max_parallel_workers_per_gather: '1',
    // Separate I/O workers cost memory and gain nothing on one small machine.
    io_method: options.major >= 18 ? 'sync' : undefined,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_autovacuum_min_duration: '-1',
    log_line_prefix: '%m [%p] ',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : ['-c', `${name}=${value}`],
  );
  return ['-D', options.dataDir, ...flags];
};

/** Arguments of initdb. The database user is ours alone; passwords would protect nothing that the socket's folder does not. */
export const initdbArguments = (dataDir: string, major: number, durable: boolean): readonly string[] => [
  `--pgdata=${dataDir}`,
  `--username=${databaseUser}`,
  '--auth=trust',
  '--encoding=UTF8',
  ...(major >= 17 ? ['--locale-provider=builtin', '--locale=C.UTF-8'] : ['--locale=C']),
  '--data-checksums',
  '--no-instructions',
  ...(durable ? [] : ['--no-sync']),
];

export const databaseUser = 'parapet';
