import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  EnrolmentAnswer,
  EnrolmentError,
  type EnrolmentRequest,
  enrolmentPath,
  type HostEvidence,
  sensorServerName,
} from '@parapet/contract/wire';
import { AppError, type Clock, parseJson, readStreamBounded } from '@parapet/core';
import type { ProxyConfig } from '../config/config.ts';
import { request } from '../net/http.ts';
import { dialWithPin } from '../net/tls-dialer.ts';
import type { Identity } from '../state/state-files.ts';
import { createKeyAndRequest, keyPin } from './certificate-request.ts';

export type EnrolInput = {
  readonly consoleUrl: string;
  readonly authorityPin: Buffer;
  readonly key: string;
  readonly evidence: HostEvidence;
  readonly sensorVersion: string;
  /** What this host was before, whose key proves that it is the same one. */
  readonly previous: Identity | undefined;
};

export type Enrolled = { readonly identity: Identity; readonly outcome: EnrolmentAnswer['outcome'] };

/**
 * Enrols this host. Nothing, least of all the key, is said before the console's authority was compared with the pin.
 * Throws an `AppError`: `wrong-pin`, `bad-chain`, `bad-answer`, or the console's own code and sentence.
 */
export const enrol = async (
  deps: { readonly clock: Clock; readonly proxy: ProxyConfig | undefined; readonly timeoutMs?: number },
  input: EnrolInput,
): Promise<Enrolled> => {
  const timeoutMs = deps.timeoutMs ?? 20_000;
  const made = createKeyAndRequest('parapet sensor');
  const { socket, authorityPem } = await dialWithPin(input.consoleUrl, input.authorityPin, { ...deps, timeoutMs });
  try {
    const answer = await post(socket, timeoutMs, {
      key: input.key,
      certificateRequestPem: made.requestPem,
      sensorVersion: input.sensorVersion,
      evidence: input.evidence,
      ...previousProof(input.previous, made.requestDer),
    });
    checkCertificate(answer.certificatePem, authorityPem, made.keyPem);
    return {
      outcome: answer.outcome,
      identity: {
        format: 1,
        hostId: answer.hostId,
        consoleUrl: input.consoleUrl,
        authorityPem,
        keyPem: made.keyPem,
        certificatePem: answer.certificatePem,
      },
    };
  } finally {
    socket.destroy();
  }
};

/** Throws an `AppError` with code `bad-answer` unless the authority signed this certificate for this key. */
export const checkCertificate = (certificatePem: string, authorityPem: string, keyPem: string): void => {
  const refused = (why: string): AppError =>
    new AppError('bad-answer', 502, `The console sent a certificate that cannot be used: ${why}.`);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch {
    throw refused('it cannot be read');
  }
  const authority = new X509Certificate(authorityPem);
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw refused('the pinned authority did not sign it');
  }
  if (!keyPin(certificate.publicKey).equals(keyPin(createPublicKey(createPrivateKey(keyPem))))) {
    throw refused('it is for another key');
  }
};

const previousProof = (previous: Identity | undefined, requestDer: Buffer): Pick<EnrolmentRequest, 'previous'> =>
  previous === undefined
    ? {}
    : {
        previous: {
          certificatePem: previous.certificatePem,
          proof: sign('sha256', requestDer, createPrivateKey(previous.keyPem)).toString('base64'),
        },
      };

const answerBytes = 64 * 1024;

const post = async (socket: TLSSocket, timeoutMs: number, body: EnrolmentRequest): Promise<EnrolmentAnswer> => {
  const text = JSON.stringify(body);
  const { status, content } = await new Promise<{ status: number; content: string }>((resolve, reject) => {
    const outgoing = request(
      {
        method: 'POST',
        path: enrolmentPath,
        host: sensorServerName,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        createConnection: () => socket,
        timeout: timeoutMs,
      },
      (incoming) => {
        readStreamBounded(incoming, answerBytes).then((read) => {
          if (!read.ok) return reject(unusable(read.error.message));
          resolve({ status: incoming.statusCode ?? 0, content: read.value.toString('utf8') });
        }, reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(unusable(`no answer within ${timeoutMs / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end(text);
  });
  if (status === 200) {
    const answer = parseJson(content, EnrolmentAnswer);
    if (!answer.ok) throw unusable(answer.error.message);
    return answer.value;
  }
  const refusal = parseJson(content, EnrolmentError);
  if (!refusal.ok) throw unusable(`it answered with status ${status}`);
  throw new AppError(refusal.value.code, status, refusal.value.message);
};

const unusable = (why: string): AppError =>
  new AppError(
    'bad-answer',
    502,
    `The console’s answer to the enrolment cannot be used: ${why}. Is the address right?`,
  );
