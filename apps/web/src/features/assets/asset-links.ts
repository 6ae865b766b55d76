import type { AssetDetail } from '@parapet/contract/api';
import { stringifySearch } from '../../lib/search-params.ts';
import { timelineLink } from '../../lib/timeline-link.ts';

type Ends = Pick<AssetDetail, 'id' | 'kind' | 'firstSeenAt' | 'endedAt'>;

/** Of what has ended, a timeline shows this much before. */
const lookBackMs = 3_600_000;
/** What an end brings with it is recorded a moment later. */
const afterMs = 60_000;

/** Where it stands on the map: now, or just before it ended, for now nothing is there. */
export const mapLink = ({ id, kind, endedAt }: Ends): string =>
  `/map${stringifySearch({ focus: `${kind}:${id}`, at: endedAt === undefined ? undefined : shifted(endedAt, -1000) })}`;

/** What a container does now, or did in the hour before it ended. */
export const containerTimelineLink = ({ id, firstSeenAt, endedAt }: Ends): string =>
  timelineLink(
    { containerId: id },
    endedAt === undefined
      ? {}
      : {
          since: later(shifted(endedAt, -lookBackMs), shifted(firstSeenAt, -afterMs)),
          until: shifted(endedAt, afterMs),
        },
  );

const shifted = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();
const later = (a: string, b: string): string => (Date.parse(a) > Date.parse(b) ? a : b);
