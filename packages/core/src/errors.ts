/**
 * A failure that crosses an edge (HTTP, CLI, job) in a known form. One class per failure would be ceremony here: the
 * code names the failure, the status says how HTTP answers. Messages are shown to people; causes are only logged.
 */
export class AppError extends Error {
  readonly code: string;
  /** The HTTP status an API edge answers with. */
  readonly status: number;
  /** Safe details for the caller. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    status: number,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = status;
    this.details = options.details ?? {};
  }
}

export const badRequest = (code: string, message: string): AppError => new AppError(code, 400, message);
export const unauthenticated = (message = 'Sign in first.'): AppError => new AppError('unauthenticated', 401, message);
export const forbidden = (message = 'Your role does not allow this.'): AppError =>
  new AppError('forbidden', 403, message);
export const notFound = (what: string): AppError => new AppError('not-found', 404, `${what} was not found.`);
export const conflict = (code: string, message: string): AppError => new AppError(code, 409, message);
export const unavailable = (code: string, message: string, cause?: unknown): AppError =>
  new AppError(code, 503, message, { cause });

/** The message of anything thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
