/** FAKE answers for retention. */
import { defaultRetention, type RetentionCost, type RetentionSettings } from '@parapet/contract/api';
import type { FakeHandlers } from './fake-answers.ts';
import { ago, day, minute } from './fake-seed.ts';

export const retentionAnswers = (empty: boolean): FakeHandlers => {
  let settings: RetentionSettings = defaultRetention;
  const cost = (kind: RetentionCost['kind'], days: number, rows: number, rowBytes: number, keptDays: number) => ({
    ...{ kind, days, rows: empty ? 0 : rows, bytes: empty ? 0 : rows * rowBytes },
    rowsPerDay: empty ? 0 : Math.round(rows / keptDays),
    bytesPerDay: empty ? 0 : Math.round((rows * rowBytes) / keptDays),
    ...(empty || kind === 'audit' ? {} : { bytesPerHostDay: Math.round((rows * rowBytes) / keptDays / 42) }),
    ...(empty ? {} : { oldest: ago(keptDays * day) }),
  });
  const status = () => ({
    settings,
    defaults: defaultRetention,
    kinds: [
      cost('graph', settings.graphDays, 3_120_000, 620, 29.8),
      cost('closed-findings', settings.closedFindingsDays, 41_200, 1_100, 58),
      cost('scans', settings.scansDays, 9_300, 240, 58),
      cost('audit', settings.auditDays, 18_400, 310, 58),
      cost('telemetry', settings.telemetryDays, 148_000_000, 27, 6.9),
    ],
    hosts: empty ? 0 : 42,
    measuredAt: ago(2 * minute),
    disk: {
      freeBytes: empty ? 70e9 : 12.4e9,
      totalBytes: 98e9,
      state: empty ? ('ok' as const) : ('tight' as const),
      reserve: { bytes: 256 * 2 ** 20, held: true },
    },
    takes: empty
      ? [{ name: 'The database in all', bytes: 41e6 }]
      : [
          { name: 'The database in all', bytes: 7.9e9 },
          { name: 'Files of events', bytes: 4e9 },
          { name: 'Processes', bytes: 2.4e9 },
          { name: 'Findings', bytes: 1.6e9 },
          { name: 'Packages', bytes: 0.9e9 },
          { name: 'SBOMs', bytes: 0.6e9 },
          { name: 'Presence of edges', bytes: 0.4e9 },
        ],
  });
  return {
    'retention.get': status,
    'retention.preview': ({ query }) => ({
      deletes:
        empty || Number(query.graphDays) >= 30
          ? []
          : [
              {
                kind: 'graph',
                days: 29.8 - Number(query.graphDays),
                rows: Math.round((3_120_000 * (29.8 - Number(query.graphDays))) / 29.8),
                bytes: Math.round((3_120_000 * 620 * (29.8 - Number(query.graphDays))) / 29.8),
                until: ago(Number(query.graphDays) * day),
              },
            ],
    }),
    'retention.update': ({ body }) => {
      settings = body;
      return status();
    },
  };
};
