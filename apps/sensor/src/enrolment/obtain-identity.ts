import { X509Certificate } from 'node:crypto';
import type { EnrolmentAnswer, HostEvidence } from '@parapet/contract/wire';
import { AppError, type Clock, messageOf } from '@parapet/core';
import type { SensorConfig } from '../config/config.ts';
import type { Identity, StateFile } from '../state/state-files.ts';
import { sensorVersion } from '../version.ts';
import { keyPin } from './certificate-request.ts';
import { enrol } from './enrol.ts';

export type ObtainedIdentity = {
  readonly identity: Identity;
  /** How the console took it in, when it was enrolled just now. */
  readonly enrolled: EnrolmentAnswer['outcome'] | undefined;
};

/**
 * The stored identity, or a new one by enrolment. With a stored one, enrolment is done again only when that is asked for,
 * when the pin names another authority, or when the certificate has expired. Throws an `AppError` that says what is missing.
 */
export const obtainIdentity = async (deps: {
  readonly config: SensorConfig;
  readonly clock: Clock;
  readonly file: StateFile<Identity>;
  readonly readKey: () => Promise<string | undefined>;
  readonly evidence: () => HostEvidence;
}): Promise<ObtainedIdentity> => {
  const { config, clock, file } = deps;
  const stored = await file.read();
  if (stored !== undefined && !needsEnrolment(stored, config, clock.now()))
    return { identity: stored, enrolled: undefined };

  const consoleUrls =
    config.consoleUrls.length > 0 ? config.consoleUrls : stored === undefined ? [] : [stored.consoleUrl];
  const pin = config.authorityPin ?? (stored === undefined ? undefined : pinOf(stored));
  if (consoleUrls.length === 0 || pin === undefined)
    throw notEnrolled('the address of the console and the pin of its authority');
  const key = config.enrolmentKey ?? (await deps.readKey());
  if (key === undefined) throw notEnrolled('an enrolment key, by PARAPET_ENROLMENT_KEY or standard input');

  const failures: string[] = [];
  for (const consoleUrl of consoleUrls) {
    try {
      const { identity, outcome } = await enrol(
        { clock, proxy: config.proxy },
        { consoleUrl, authorityPin: pin, key, evidence: deps.evidence(), sensorVersion, previous: stored },
      );
      await file.write(identity);
      return { identity, enrolled: outcome };
    } catch (error) {
      // What a console answered is final; only an address that does not answer is worth the next one.
      if (error instanceof AppError && error.code !== 'proxy' && error.code !== 'wrong-pin') throw error;
      failures.push(`${consoleUrl}: ${messageOf(error)}`);
    }
  }
  throw new AppError('enrolment', 502, `This host could not be enrolled. ${failures.join(' ')}`);
};

const needsEnrolment = (stored: Identity, config: SensorConfig, nowMs: number): boolean =>
  config.enrolOnly ||
  (config.authorityPin !== undefined &&
    config.enrolmentKey !== undefined &&
    !pinOf(stored).equals(config.authorityPin)) ||
  new X509Certificate(stored.certificatePem).validToDate.getTime() <= nowMs;

const pinOf = (identity: Identity): Buffer => keyPin(new X509Certificate(identity.authorityPem).publicKey);

const notEnrolled = (what: string): AppError =>
  new AppError(
    'not-enrolled',
    400,
    `This host is not enrolled, or its certificate has expired: it needs ${what}. The console shows the command under Sensors, Add a host.`,
  );
