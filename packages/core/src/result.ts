/** The outcome of an operation whose failure is ordinary. Bugs and refused requests are thrown instead. */
export type Result<T, E = Problem> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** A failure described for a person: what happened and, where known, what to do. */
export type Problem = {
  /** A stable kebab-case code, e.g. `truncated-archive`. */
  readonly code: string;
  /** One plain sentence. */
  readonly message: string;
  /** Where it happened: a path, a member of an archive, a line. */
  readonly at?: string;
};

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

export const fail = <E>(error: E): Result<never, E> => ({ ok: false, error });

export const problem = (code: string, message: string, at?: string): Problem =>
  at === undefined ? { code, message } : { code, message, at };
