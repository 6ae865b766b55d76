import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EnrolmentError, EnrolmentRequest } from '@parapet/contract/wire';
import { type Clock, messageOf, parseJson, readStreamBounded } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Log } from '../logging/log.ts';
import type { Enrolment } from '../sensors/enrolment.ts';
import { createRateLimit } from './rate-limit.ts';

type ErrorBody = typeof EnrolmentError._zod.output;

/** A request holds a key, a certificate request and perhaps an old certificate. */
const maxBodyBytes = 64 * 1024;
const maxConcurrent = 16;

export type EnrolmentLimits = { readonly triesPerMinute: number; readonly failuresPerMinute: number };

/** Of one address: a whole fleet may enrol from behind one, while guessing keys is hopeless at any rate. */
const defaultLimits: EnrolmentLimits = { triesPerMinute: 600, failuresPerMinute: 10 };

/** `POST /sensor/v1/enrol`: the only thing that can be done here without a certificate. */
export const createEnrolmentRoute = (deps: {
  readonly enrolment: Enrolment;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: EnrolmentLimits | undefined;
}): ((request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
  const { triesPerMinute, failuresPerMinute } = deps.limits ?? defaultLimits;
  const tries = createRateLimit({ clock: deps.clock, perMinute: triesPerMinute, burst: triesPerMinute });
  const failures = createRateLimit({ clock: deps.clock, perMinute: failuresPerMinute, burst: failuresPerMinute });
  const blocked = new Map<string, number>();
  let running = 0;

  const handle = async (request: IncomingMessage, address: string): Promise<Answer> => {
    if ((blocked.get(address) ?? 0) > deps.clock.now() || !tries.take(address) || running >= maxConcurrent) {
      return refuse(429, 'rate', 'Too many tries to enrol from this address. Wait a minute.');
    }
    running += 1;
    try {
      const body = await readStreamBounded(request, maxBodyBytes);
      if (!body.ok) return refuse(413, 'malformed', `The request is larger than ${maxBodyBytes} bytes.`);
      const parsed = parseJson(body.value.toString('utf8'), EnrolmentRequest);
      if (!parsed.ok) {
        await deps.audit.record({
          actor: { kind: 'anonymous', name: '' },
          action: 'sensor.enrol',
          outcome: 'refused',
          address,
          details: { code: 'malformed', at: parsed.error.at ?? '' },
        });
        return refuse(400, 'malformed', `The request is malformed: ${parsed.error.message}`);
      }
      const result = await deps.enrolment.enrol(parsed.value, address);
      if (result.ok) return { status: 200, body: result.value, isGuess: false };
      return refuse(result.error.code === 'malformed' ? 400 : 403, result.error.code, result.error.message);
    } finally {
      running -= 1;
    }
  };

  return async (request, response) => {
    const address = request.socket.remoteAddress ?? '';
    let answer: Answer;
    try {
      answer = await handle(request, address);
    } catch (error) {
      deps.log.warn({ address, error: messageOf(error) }, 'An enrolment could not be stored.');
      answer = refuse(503, 'unavailable', 'The console cannot store anything at the moment. Try again soon.');
    }
    if (answer.isGuess && !failures.take(address)) blockAddress(blocked, address, deps.clock.now());
    reply(response, answer);
  };
};

/** `isGuess`: nobody who was given a key sends this. */
type Answer = { readonly status: number; readonly body: unknown; readonly isGuess: boolean };

const blockMs = 60_000;
const maxBlocked = 10_000;

const blockAddress = (blocked: Map<string, number>, address: string, nowMs: number): void => {
  for (const [key, until] of blocked) if (until <= nowMs || blocked.size >= maxBlocked) blocked.delete(key);
  blocked.set(address, nowMs + blockMs);
};

const refuse = (status: number, code: ErrorBody['code'], message: string): Answer => ({
  status,
  body: { code, message } satisfies ErrorBody,
  isGuess: code === 'malformed' || code === 'key-unknown',
});

const reply = (response: ServerResponse, answer: Answer): void => {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(text);
};
