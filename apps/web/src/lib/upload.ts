import { ApiError, ApiFailure, type FeedStatus, FeedStatus as FeedStatusSchema } from '@parapet/contract/api';
import { api } from './api.ts';

/** Sends a feed bundle and tells how much of it has left. `fetch` cannot tell. Throws ApiFailure. */
export const uploadFeedBundle = (
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<FeedStatus> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', api.url('feeds.import'));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('accept', 'application/json');
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new ApiFailure(0, 'unreachable', 'The console does not answer.'));
    request.onabort = () => reject(new ApiFailure(0, 'aborted', 'The upload was stopped.'));
    request.onload = () => {
      const body = parseJson(request.responseText);
      const status = FeedStatusSchema.safeParse(body);
      if (request.status < 300 && status.success) resolve(status.data);
      else reject(failureOf(request.status, body));
    };
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });

const failureOf = (status: number, body: unknown): ApiFailure => {
  const parsed = ApiError.safeParse(body);
  if (!parsed.success) return new ApiFailure(status, 'unknown', `The console answered ${status}.`);
  const { code, message, requestId } = parsed.data.error;
  return new ApiFailure(status, code, message, requestId);
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
