/** Tables of people, sessions, tokens and audit. */
export type PeopleTables = Record<never, never>;
