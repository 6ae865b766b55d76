/** FAKE answers for advisories. */
import type { FeedStatus } from '@parapet/contract/api';
import type { FakeHandlers } from './fake-answers.ts';
import { ago, day, hour } from './fake-seed.ts';

export const feedAnswers = (empty: boolean): FakeHandlers => {
  const feed: FeedStatus = empty
    ? { earlier: [], sources: [], schedule: { everyHours: 6, enabled: true } }
    : {
        active: {
          version: '2026-11-21T06:00Z-9f2c11ab',
          activatedAt: ago(2 * hour),
          advisories: 284_112,
          origin: 'publishers',
          sizeBytes: 412e6,
        },
        earlier: [
          { version: '2026-11-20T06:00Z-77ab01cd', activatedAt: ago(26 * hour), advisories: 283_990 },
          { version: '2026-11-19T06:00Z-1c2d3e4f', activatedAt: ago(50 * hour), advisories: 283_811 },
        ],
        sources: [
          {
            id: 'osv-debian',
            name: 'OSV Debian',
            records: 51_204,
            dataAt: ago(3 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          {
            id: 'osv-alpine',
            name: 'OSV Alpine',
            records: 12_044,
            dataAt: ago(5 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          {
            id: 'osv-rocky',
            name: 'OSV Rocky Linux',
            records: 4810,
            dataAt: ago(3 * day),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
            lastError: 'The publisher answered 429; the last good data is used.',
          },
          {
            id: 'kev',
            name: 'CISA KEV',
            records: 1432,
            dataAt: ago(9 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          { id: 'epss', name: 'FIRST EPSS', records: 251_000, dataAt: ago(8 * hour), fetchedAt: ago(2 * hour) },
        ],
        update: { state: 'done', step: 'Activated', startedAt: ago(2 * hour + 40_000), endedAt: ago(2 * hour) },
        schedule: { everyHours: 6, nextAt: ago(-4 * hour), enabled: true },
      };
  return {
    'feeds.status': () => feed,
    'feeds.update': () =>
      Object.assign(feed, {
        update: { state: 'running', step: 'Fetching OSV Debian', progress: 0.4, startedAt: ago(9000) },
      }),
    'feeds.import': () => feed,
    'feeds.rollback': () => feed,
    'feeds.schedule': ({ body }) => Object.assign(feed, { schedule: body }),
  };
};
