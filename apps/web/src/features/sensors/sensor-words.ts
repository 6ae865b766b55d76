import { lostWords, type Sensor, sightOf, skewLimitMs } from '@parapet/contract/api';
import type { Tone } from '../../components/tone-mark.tsx';
import { formatSpan, plural } from '../../lib/format.ts';
import { standingNames } from './upgrade-words.ts';

export const presenceTones: Readonly<Record<Sensor['presence'], Tone>> = {
  online: 'ok',
  unknown: 'warn',
  stopped: 'none',
  revoked: 'bad',
  removed: 'none',
};

export const presenceMeanings: Readonly<Record<Sensor['presence'], string>> = {
  online: 'It reports.',
  unknown: 'It fell silent without a goodbye. What ran there may still run.',
  stopped: 'It was stopped properly.',
  revoked: 'Its certificate was revoked. It cannot connect.',
  removed: 'It was uninstalled and said so. What is known of its host stays.',
};

export const skewOf = (sensor: Pick<Sensor, 'skewMs'>): string | undefined =>
  Math.abs(sensor.skewMs) <= skewLimitMs
    ? undefined
    : `clock ${formatSpan(sensor.skewMs)} ${sensor.skewMs > 0 ? 'ahead' : 'behind'}`;

/** What is not as it should be, in a few words, worst first. */
export const troublesOf = (sensor: Sensor): readonly string[] => [
  // That it was killed and that its network is down are both silence.
  ...(sensor.presence === 'unknown' && sensor.cause !== undefined ? [sensor.cause.replace(/\.$/, '')] : []),
  ...sensor.collectors.filter(({ state }) => state === 'failed' || state === 'refused').map(sightOf),
  ...sensor.collectors.filter(({ state }) => state === 'degraded').map(sightOf),
  ...(sensor.lostEvents + sensor.lostRecords > 0 ? [`${lostWords(sensor)} lost`] : []),
  ...(sensor.unexpectedEnds > 0 ? [`ended ${sensor.unexpectedEnds} × unasked`] : []),
  ...(sensor.standing === 'outdated' || sensor.standing === 'newer' ? [standingNames[sensor.standing]] : []),
  ...(sensor.inSync === false ? ['not in step'] : []),
  ...[skewOf(sensor)].filter((skew) => skew !== undefined),
  ...(sensor.refusedFrames > 0 ? [`${plural(sensor.refusedFrames, 'frame')} refused`] : []),
];

export const enrolmentWords: Readonly<Record<Sensor['enrolment'], string>> = {
  new: 'A new host',
  same: 'The same host, with its old key',
  'taken-over': 'The same host, without its old key while the old sensor was silent',
  clone: 'A clone: another host with the same identity was alive',
};
