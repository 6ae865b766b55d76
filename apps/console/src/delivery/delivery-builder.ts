import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { runOnce } from '../workers/run-once.ts';
import { type DeliveryJob, DeliveryWorkerMessage } from './delivery-job.ts';

export type MadeMessage = Exclude<DeliveryWorkerMessage, { kind: 'failed' }>;
export type DeliveryBuilder = (job: DeliveryJob, signal: AbortSignal) => Promise<Result<MadeMessage, Problem>>;

const timeoutMs = 15 * 60_000;
/** What npm may need to reach its registry. */
const passes =
  /^(PATH|HOME|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy|npm_config_.*)$/i;

/** Makes a package in a child process. */
export const buildPackage: DeliveryBuilder = (job, signal) =>
  runOnce<MadeMessage>({
    ...{ beside: import.meta.url, name: 'delivery-worker', heapMegabytes: 256, passes },
    ...{ job, what: 'Making the sensor’s package', timeoutMs, signal },
    onMessage: (raw) => {
      const message = DeliveryWorkerMessage.safeParse(raw);
      if (!message.success) return undefined;
      const { data } = message;
      return data.kind === 'failed' ? fail(problem(data.code, data.message)) : ok(data);
    },
  });
