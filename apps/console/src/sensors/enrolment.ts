import { randomUUID, verify, X509Certificate } from 'node:crypto';
import type { EnrolmentAnswer, EnrolmentRequest, HostEvidence } from '@parapet/contract/wire';
import { type Clock, createOneAtATime, fail, ok, type Result, storableText } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Authority } from '../authority/authority.ts';
import { type CertificateRequest, normaliseSerial, readCertificateRequest } from '../authority/certificates.ts';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { type KeyRefusal, type UsedKey, useKey } from './enrolment-keys.ts';
import { isSameHost, type KnownHost, usableEvidence } from './host-evidence.ts';

export type EnrolmentRefusal = { readonly code: KeyRefusal | 'malformed'; readonly message: string };

export type Enrolment = {
  /** Enrols a sensor. Everything is audited, refusals too. Throws when the store is away: then nothing was counted. */
  readonly enrol: (request: EnrolmentRequest, address: string) => Promise<Result<EnrolmentAnswer, EnrolmentRefusal>>;
};

export const createEnrolment = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly audit: AuditLog;
  /** Whether the sensor of this host is connected and answers now. */
  readonly isAlive: (hostId: string) => Promise<boolean>;
  /** Called after a host's earlier certificates were revoked. */
  readonly onRevoked: (hostId: string) => void;
  readonly onEnrolled: (hostId: string) => void;
}): Enrolment => {
  // The lock below lets one at a time do this anyway; who waits for it must not keep a connection from ingest meanwhile.
  const inTurn = createOneAtATime();
  return {
    enrol: async (request, address) => {
      const evidence = usableEvidence(request.evidence);
      const certificateRequest = await readCertificateRequest(request.certificateRequestPem);
      if (certificateRequest === undefined) {
        await auditRefusal(deps.audit, 'malformed', request, address);
        return fail({ code: 'malformed', message: messages.malformed });
      }
      const outcome = await inTurn(() =>
        deps.db.transaction().execute(async (trx) => {
          const key = await useKey(trx, request.key, new Date(deps.clock.now()));
          if (!key.ok) return key;
          // One at a time: two clones that enrol at once must not both find the host silent.
          await trx
            .selectNoFrom((eb) => eb.fn('pg_advisory_xact_lock', [eb.val(enrolmentLock)]).as('locked'))
            .execute();
          const place = await findPlace(trx, { ...deps, request, certificateRequest, evidence });
          const certificate = await deps.authority.signSensor(certificateRequest, place.hostId);
          await storeHost(trx, {
            ...place,
            key: key.value,
            evidence,
            version: storableText(request.sensorVersion),
            address,
            serial: certificate.serial,
            now: new Date(deps.clock.now()),
          });
          await trx
            .insertInto('sensor_certificates')
            .values({
              serial: certificate.serial,
              host_id: place.hostId,
              key_fingerprint: certificate.keyFingerprint,
              issued_at: certificate.issuedAt,
              not_after: certificate.notAfter,
            })
            .execute();
          return ok({ ...place, key: key.value, certificatePem: certificate.pem });
        }),
      );
      if (!outcome.ok) {
        await auditRefusal(deps.audit, outcome.error, request, address);
        return fail({ code: outcome.error, message: messages[outcome.error] });
      }
      const { hostId, outcome: kind, key, certificatePem, alike } = outcome.value;
      await deps.audit.record({
        actor: { kind: 'sensor', name: evidence.hostname },
        action: 'sensor.enrol',
        outcome: 'succeeded',
        target: hostId,
        address,
        details: { outcome: kind, key: key.name, zone: key.zone, ...(alike === undefined ? {} : { alike }) },
      });
      if (kind === 'same' || kind === 'taken-over') deps.onRevoked(hostId);
      deps.onEnrolled(hostId);
      return ok({ hostId, certificatePem, authorityPem: deps.authority.certificatePem, outcome: kind });
    },
  };
};

const enrolmentLock = 0x5041_5231;

const messages: Readonly<Record<EnrolmentRefusal['code'], string>> = {
  'key-unknown': 'This enrolment key is not known here. Make one in the console under Sensors.',
  'key-expired': 'This enrolment key has expired. Make a new one in the console under Sensors.',
  'key-revoked': 'This enrolment key was revoked. Make a new one in the console under Sensors.',
  'key-used-up': 'This enrolment key has been used as often as it may be. Make a new one in the console under Sensors.',
  malformed: 'The certificate request is not a signed PKCS #10 request for an ECDSA P-256 key.',
};

const auditRefusal = (audit: AuditLog, code: string, request: EnrolmentRequest, address: string): Promise<void> =>
  audit.record({
    actor: { kind: 'anonymous', name: storableText(request.evidence.hostname).slice(0, 256) },
    action: 'sensor.enrol',
    outcome: 'refused',
    address,
    details: { code },
  });

type Place = {
  readonly hostId: string;
  readonly outcome: EnrolmentAnswer['outcome'];
  /** The living host that the evidence also fits. */
  readonly alike?: string | undefined;
};

/** Asking whether a sensor lives takes time, and others wait to enrol meanwhile. */
const maxProbes = 8;

type PlaceInput = {
  readonly authority: Authority;
  readonly isAlive: (hostId: string) => Promise<boolean>;
  readonly request: EnrolmentRequest;
  readonly certificateRequest: CertificateRequest;
  readonly evidence: HostEvidence;
};

/** Decides which host this is: by the old key, else by evidence when its sensor is silent, else a new one. */
const findPlace = async (trx: DatabaseTransaction, input: PlaceInput): Promise<Place> => {
  const proven = await findByOldKey(trx, input);
  if (proven !== undefined) return { hostId: proven, outcome: 'same' };
  const alike = await findByEvidence(trx, input.evidence);
  let living: string | undefined;
  for (const host of alike.slice(0, maxProbes)) {
    if (!(await input.isAlive(host.hostId))) return { hostId: host.hostId, outcome: 'taken-over' };
    living = host.hostId;
  }
  return living === undefined
    ? { hostId: randomUUID(), outcome: 'new' }
    : { hostId: randomUUID(), outcome: 'clone', alike: living };
};

/**
 * The old certificate may have expired, or have been replaced by one whose answer was lost; it must be ours, for a host that
 * was not revoked by a person, and its key must have signed the new request.
 */
const findByOldKey = async (trx: DatabaseTransaction, input: PlaceInput): Promise<string | undefined> => {
  const { previous } = input.request;
  if (previous === undefined) return undefined;
  try {
    const certificate = new X509Certificate(previous.certificatePem);
    if (!input.authority.issued(certificate)) return undefined;
    const proof = Buffer.from(previous.proof, 'base64');
    if (!verify('sha256', input.certificateRequest.der, certificate.publicKey, proof)) return undefined;
    const row = await trx
      .selectFrom('sensor_certificates as c')
      .innerJoin('sensors as s', 's.host_id', 'c.host_id')
      .select('c.host_id')
      .where('c.serial', '=', normaliseSerial(certificate.serialNumber))
      .where('s.presence', '!=', 'revoked')
      .executeTakeFirst();
    return row?.host_id;
  } catch {
    // A broken certificate proves nothing; evidence decides.
    return undefined;
  }
};

const findByEvidence = async (trx: DatabaseTransaction, evidence: HostEvidence): Promise<readonly KnownHost[]> => {
  const { machineId, cloudInstanceId } = evidence;
  if (machineId === undefined && cloudInstanceId === undefined) return [];
  const rows = await trx
    .selectFrom('sensors as s')
    .innerJoin('assets as a', 'a.id', 's.host_id')
    .select(['s.host_id', 's.machine_id', 's.dmi_uuid', 's.cloud_instance_id', 's.last_seen_at', 'a.name'])
    .where((eb) =>
      eb.or([
        ...(machineId === undefined ? [] : [eb('s.machine_id', '=', machineId)]),
        ...(cloudInstanceId === undefined ? [] : [eb('s.cloud_instance_id', '=', cloudInstanceId)]),
      ]),
    )
    .limit(64)
    .execute();
  return rows
    .map((row) => ({
      hostId: row.host_id,
      hostname: row.name,
      machineId: row.machine_id,
      dmiUuid: row.dmi_uuid,
      cloudInstanceId: row.cloud_instance_id,
      lastSeenAtMs: row.last_seen_at?.getTime() ?? 0,
    }))
    .filter((host) => isSameHost(host, evidence))
    .sort(
      (a, b) =>
        Number(b.hostname === evidence.hostname) - Number(a.hostname === evidence.hostname) ||
        b.lastSeenAtMs - a.lastSeenAtMs,
    );
};

type StoredHost = Place & {
  readonly key: UsedKey;
  readonly evidence: HostEvidence;
  readonly version: string;
  readonly address: string;
  readonly serial: string;
  readonly now: Date;
};

const storeHost = async (trx: DatabaseTransaction, host: StoredHost): Promise<void> => {
  if (host.outcome === 'new' || host.outcome === 'clone') await insertHost(trx, host);
  else await reenrolHost(trx, host);
};

const sensorColumns = (host: StoredHost) => ({
  version: host.version,
  enrolment: host.outcome,
  machine_id: host.evidence.machineId ?? null,
  dmi_uuid: host.evidence.dmiUuid ?? null,
  cloud_instance_id: host.evidence.cloudInstanceId ?? null,
  address: host.address,
  certificate_serial: host.serial,
});

const insertHost = async (trx: DatabaseTransaction, host: StoredHost): Promise<void> => {
  await trx
    .insertInto('assets')
    .values({
      id: host.hostId,
      kind: 'host',
      key: 'host',
      name: host.evidence.hostname,
      status: 'unknown',
      zone: host.key.zone,
      runtime_labels: JSON.stringify(host.key.labels),
      people_labels: '{}',
      record: '{}',
      first_seen_at: host.now,
      last_seen_at: host.now,
    })
    .execute();
  await trx.insertInto('asset_intervals').values({ asset_id: host.hostId, started_at: host.now }).execute();
  await trx
    .insertInto('sensors')
    .values({
      host_id: host.hostId,
      ...sensorColumns(host),
      presence: 'unknown',
      presence_since: host.now,
      enrolled_at: host.now,
    })
    .execute();
};

const reenrolHost = async (trx: DatabaseTransaction, host: StoredHost): Promise<void> => {
  const before = await trx.selectFrom('assets').select('zone').where('id', '=', host.hostId).executeTakeFirst();
  await trx
    .updateTable('assets')
    .set({ zone: host.key.zone, runtime_labels: JSON.stringify(host.key.labels) })
    .where('id', '=', host.hostId)
    .execute();
  await trx
    .updateTable('sensors')
    .set({ ...sensorColumns(host), presence: 'unknown', presence_since: host.now, enrolled_at: host.now })
    .where('host_id', '=', host.hostId)
    .execute();
  await trx
    .updateTable('sensor_certificates')
    .set({ revoked_at: host.now, revoked_reason: host.outcome === 'same' ? 'enrolled again' : 'taken over' })
    .where('host_id', '=', host.hostId)
    .where('revoked_at', 'is', null)
    .execute();
  // Addresses and edges are resolved inside a zone: forgetting the terms of the digest makes the sensor say all of it again.
  if (before?.zone !== host.key.zone) {
    await trx.updateTable('assets').set({ zone: host.key.zone }).where('host_id', '=', host.hostId).execute();
    await trx.deleteFrom('inventory_records').where('host_id', '=', host.hostId).execute();
  }
};
