import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Memory is a wish rather than a bound (a sort may take twice as much), so an engine lives in a process of its own. */
export type EngineOptions = {
  readonly memoryMegabytes: number;
  readonly threads: number;
  /** The only folder that it may touch. */
  readonly folder: string;
};

/** An engine without a database of its own, for Parquet files. Nothing is ever installed or loaded from elsewhere. */
export const openEngine = async (options: EngineOptions): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${options.memoryMegabytes}MB`,
    threads: String(options.threads),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
    // What was read of files is not kept: the system keeps it anyway, and it would fill all the memory that is allowed.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`set allowed_directories = [${literal(options.folder)}]`);
  await connection.run('set enable_external_access = false');
  await connection.run('set lock_configuration = true');
  return connection;
};

/** Text as SQL. Only for names of our own; what people write is bound. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
