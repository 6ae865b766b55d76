/** SQLSTATE classes and Node errors that mean: the server is not there or not ready, the query itself was fine. */
const awayStates = /^(08...|57P0[1-5]|53300)$/;
const awayErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout)/;

/** Whether a failure means that the database is away, as opposed to a wrong query. */
export const isDatabaseAway = (thrown: unknown): boolean => {
  if (!(thrown instanceof Error)) return false;
  const code = codeOf(thrown);
  if (code !== undefined && awayStates.test(code)) return true;
  // Files are missing with ENOENT too; only that of a connection counts.
  if (code !== undefined && awayErrors.has(code))
    return 'syscall' in thrown && ['connect', 'read', 'write', 'getaddrinfo'].includes(String(thrown.syscall));
  return awayMessages.test(thrown.message) || isDatabaseAway(thrown.cause);
};

/** Whether PostgreSQL gave a statement up because it took too long. */
export const isStatementTimeout = (thrown: unknown): boolean => thrown instanceof Error && codeOf(thrown) === '57014';

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Whether the database could not write because its disk is full. */
export const isDiskFull = (thrown: unknown): boolean => thrown instanceof Error && codeOf(thrown) === '53100';
