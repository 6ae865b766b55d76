import { messageOf } from '@parapet/core';

/**
 * What a person can do about a failure to use an external PostgreSQL, by SQLSTATE (PostgreSQL manual, appendix A) or by
 * Node's code; undefined for what is not known here. Never holds the password.
 */
export const explainDatabaseFailure = (error: unknown): string | undefined => {
  const code = codeOf(error);
  const said = messageOf(error);
  if (said.includes('does not support SSL'))
    return 'The server offers no TLS. Switch it on there (ssl = on), or, on a network you trust, add sslmode=disable to DATABASE_URL.';
  if (said.includes('no encryption') || said.includes('SSL off'))
    return `The server refuses connections without TLS (${said}). Set sslmode=verify-full in DATABASE_URL, and DATABASE_CA_FILE when its authority is your own.`;
  return code === undefined ? undefined : (sentences[code] ?? tlsSentence(code))?.(said);
};

const sentences: Readonly<Record<string, (said: string) => string>> = {
  '28P01': () => 'The server refuses the password. It comes from DATABASE_PASSWORD, else from DATABASE_URL.',
  '28000': (said) => `The server refuses this user from here (${said}). Its pg_hba.conf decides that.`,
  '3D000': (said) => `${capital(said)}. Make it: create database NAME owner USER encoding 'UTF8' template template0;`,
  '42501': (said) =>
    `The user lacks a privilege (${said}). It must own the database: alter database NAME owner to USER;`,
  '25006': () => readOnlySentence,
  '53100': () => 'The server’s disk is full. Make room there; nothing was lost.',
  '53300': () =>
    'The server has no connection left. The console needs 17: raise max_connections or the user’s connection limit.',
  '57P03': () => 'The server is still starting or recovering.',
  '0A000': (said) => `The server lacks something the console needs (${said}).`,
  '58P01': (said) =>
    `The server lacks an extension (${said}). Install PostgreSQL’s contrib package there: the console uses pg_trgm.`,
  ECONNREFUSED: (said) => `Nothing listens there (${said}).`,
  ENOTFOUND: (said) => `There is no such host (${said}).`,
  EAI_AGAIN: (said) => `The name could not be looked up (${said}).`,
};

export const readOnlySentence =
  'The server is a read-only replica or set to read-only. DATABASE_URL must name the primary; with several hosts use an address that follows it.';

const tlsSentence = (code: string): ((said: string) => string) | undefined => {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return (said) =>
      `The server’s certificate is of another name (${said}). Use that name in DATABASE_URL, or sslmode=verify-ca with DATABASE_CA_FILE.`;
  if (code === 'CERT_HAS_EXPIRED') return () => 'The server’s certificate has expired.';
  return /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|CERT_.*)$/.test(code)
    ? (said) =>
        `The server’s certificate is not trusted (${said}). Name the PEM file of its authority in DATABASE_CA_FILE.`
    : undefined;
};

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
