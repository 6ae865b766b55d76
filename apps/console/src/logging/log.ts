type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** Structured log: the message is static text, what varies goes into the fields. */
export type Log = { readonly debug: Write; readonly info: Write; readonly warn: Write; readonly error: Write };

const nothing: Write = () => undefined;

/** For tests and for parts that run without a console. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
