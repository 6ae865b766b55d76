import type { ApiError } from '@parapet/contract/api';
import { AppError } from '@parapet/core';
import { isDatabaseAway, isDiskFull, isStatementTimeout } from '../database/failures.ts';

export type ErrorAnswer = { readonly status: number; readonly body: ApiError; readonly unexpected: boolean };

/** How anything thrown in a request is answered. What nobody expected says nothing of its cause; that is in the log. */
export const answerError = (thrown: unknown, requestId: string): ErrorAnswer => {
  const known = thrown instanceof AppError ? thrown : knownFailure(thrown);
  if (known === undefined) {
    return {
      status: 500,
      unexpected: true,
      body: errorBody(
        'internal',
        'Something went wrong in the console. Its log tells more under this request id.',
        requestId,
      ),
    };
  }
  return {
    status: known.status,
    unexpected: false,
    body: errorBody(known.code, known.message, requestId, known.details),
  };
};

const errorBody = (
  code: string,
  message: string,
  requestId: string,
  details: Readonly<Record<string, unknown>> = {},
): ApiError => ({
  error: { code, message, requestId, ...(Object.keys(details).length === 0 ? {} : { details }) },
});

const knownFailure = (thrown: unknown): AppError | undefined => {
  if (isDatabaseAway(thrown)) {
    return new AppError(
      'database-away',
      503,
      'The console’s database does not answer. Parapet keeps trying; what is shown may be old until then.',
    );
  }
  if (isStatementTimeout(thrown))
    return new AppError('too-slow', 503, 'This took the database too long. Ask for less, or try again.');
  if (isDiskFull(thrown))
    return new AppError('disk-full', 507, 'The disk of the console’s database is full. Make room, then try again.');
  return fastifyFailure(thrown);
};

const fastifyFailures: Readonly<Record<string, readonly [code: string, status: number, message: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 413, 'The request is larger than 1 MiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['wrong-type', 415, 'The request must have the content type application/json.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['not-json', 400, 'The request has no body, but says that it has one.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['not-json', 400, 'The request is not JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['wrong-length', 400, 'The request is not as long as it says.'],
  FST_ERR_BAD_URL: ['wrong-path', 400, 'The path is malformed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['wrong-path', 414, 'The path is too long.'],
};

const fastifyFailure = (thrown: unknown): AppError | undefined => {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') {
    // The JSON parser throws a SyntaxError with a status of its own.
    return thrown instanceof SyntaxError && 'statusCode' in thrown && thrown.statusCode === 400
      ? new AppError('not-json', 400, 'The request is not JSON.')
      : undefined;
  }
  const known = fastifyFailures[thrown.code];
  if (known === undefined) return undefined;
  const [code, status, message] = known;
  return new AppError(code, status, message);
};
