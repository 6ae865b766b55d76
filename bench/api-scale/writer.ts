import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../apps/console/src/database/database.ts';
import { writeFindings } from '../../apps/console/src/findings/write-lock.ts';
import { type PlayedHost, playHost } from '../../apps/console/src/testing/played-host.ts';
import { edgeRecord, hostRecord, processRecord } from '../../apps/console/src/testing/records.ts';
import { idOf } from './fill.ts';

export const writerRates = { framesPerSecond: 20, findingChangesPerSecond: 100 } as const;

/** Writes as a fleet of this size does in a lively moment: frames of five records, and findings whose risk changed. */
export const startWriter = async (db: Database): Promise<{ readonly stop: () => Promise<Record<string, number>> }> => {
  const hosts: PlayedHost[] = [];
  for (let at = 0; at < 10; at += 1) {
    const host = await playHost(db, { name: `writer-${at}` });
    await host.snapshot([hostRecord()]);
    hosts.push(host);
  }
  let stopped = false;
  const done = { frames: 0, findings: 0 };
  const sending = async (host: PlayedHost, place: number): Promise<void> => {
    for (let round = 0; !stopped; round += 1) {
      const startedAt = Date.now() - 1000;
      const peer = { kind: 'address' as const, address: `10.77.${place}.${round % 200}` };
      await host.send([
        processRecord(`${round}:1`, { startedAt }),
        ...(round > 0 ? [processRecord(`${round - 1}:1`, { startedAt, endedAt: Date.now() })] : []),
        ...[0, 1, 2].map((edge) =>
          edgeRecord(`e${(round * 3 + edge) % 600}`, {
            startedAt,
            lastSeenAt: Date.now(),
            connections: round + 1,
            peer,
          }),
        ),
      ]);
      done.frames += 1;
      await delay((1000 / writerRates.framesPerSecond) * hosts.length);
    }
  };
  const changing = async (): Promise<void> => {
    for (let round = 0; !stopped; round += 1) {
      const result = await writeFindings(db, (tx) =>
        sql`update findings set risk = round((risk * 7 + 13)::numeric % 100, 1) where id in (
          select id from findings where asset_id = ${idOf('asset', 1 + ((round * 37) % 2000))} order by id limit 50)`.execute(
          tx,
        ),
      );
      done.findings += Number(result.numAffectedRows ?? 0n);
      await delay(500);
    }
  };
  const work = Promise.all([...hosts.map(sending), changing()]);
  return {
    stop: async () => {
      stopped = true;
      await work;
      return { writtenFrames: done.frames, writtenFindings: done.findings };
    },
  };
};
