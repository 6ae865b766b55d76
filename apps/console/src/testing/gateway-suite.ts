import { afterAll, beforeAll, vi } from 'vitest';
import type { GatewayDeps } from '../gateway/gateway.ts';
import { type Enrolled, enrolSensor } from './fake-sensor.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** A database and a gateway for all tests of a file, there once its tests run. */
export const useGateway = (options: Partial<GatewayDeps> = {}) => {
  let database: TestDatabase | undefined;
  let gateway: TestGateway | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startTestGateway(database.db, options);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  const there = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('The gateway is there only while tests run.');
    return part;
  };
  return {
    gateway: (): TestGateway => there(gateway),
    db: () => there(database).db,
    enrol: async (part: Parameters<typeof enrolSensor>[2] = {}): Promise<Enrolled> =>
      enrolSensor(there(gateway), (await there(gateway).key()).secret, part),
    sensorRow: (hostId: string) =>
      there(database).db.selectFrom('sensors').selectAll().where('host_id', '=', hostId).executeTakeFirstOrThrow(),
    auditedCodes: (hostId: string): unknown[] =>
      there(gateway)
        .audit.filter((entry) => entry.target === hostId)
        .map((entry) => entry.details?.['code']),
  };
};

export const certificateOf = (enrolled: Enrolled) => ({
  privateKeyPem: enrolled.privateKeyPem,
  certificatePem: enrolled.answer.certificatePem,
});

/** Resolves once the condition holds. */
export const until = (condition: () => Promise<boolean> | boolean): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('not yet');
    },
    { timeout: 60_000, interval: 20 },
  );
