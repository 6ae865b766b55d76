/** A structured log: static text plus fields. Secrets never go in. */
export type Log = {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
};

export type LogFields = Readonly<Record<string, unknown>>;
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes one JSON object per line. pino is left out on purpose: it costs some 4 MB of the sensor's memory. */
export const createLog = (level: LogLevel, write: (line: string) => void = toStandardError): Log => {
  const from = logLevels.indexOf(level);
  const at = (name: LogLevel) =>
    logLevels.indexOf(name) < from
      ? () => {}
      : (message: string, fields: LogFields = {}): void =>
          write(`${JSON.stringify({ time: new Date().toISOString(), level: name, message, ...printable(fields) })}\n`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const toStandardError = (line: string): void => {
  process.stderr.write(line);
};

const printable = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
