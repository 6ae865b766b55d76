/**
 * What a failed transaction means: `busy` is worth some retries (deadlock, serialisation, a slow moment), `away` is to be waited out
 * (no connection, shutting down, disk full), anything else is about the data and would fail again.
 */
export type StoreFailure = 'busy' | 'away' | 'data';

export const classifyStoreFailure = (error: unknown): StoreFailure => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  // 57014 is a statement that took too long.
  if (code === '57014' || code === '40001' || code === '40P01' || code === '55P03') return 'busy';
  // Classes 08 connection, 53 resources, 57 operator intervention (shutdown, statement timeout), 58 system, 25006 read-only.
  if (/^(08|53|57|58)...$/.test(code) || code === '25006') return 'away';
  if (/^[0-9A-Z]{5}$/.test(code)) return 'data';
  // Without an SQLSTATE it came from the driver or the socket.
  return error instanceof TypeError || error instanceof RangeError ? 'data' : 'away';
};
