import type { Sensor, SensorUpgrade } from '@parapet/contract/api';
import type { Tone } from '../../components/tone-mark.tsx';

export const standingNames: Readonly<Record<Sensor['standing'], string>> = {
  current: 'as the console',
  outdated: 'older than the console',
  newer: 'newer than the console',
  unknown: 'not comparable with the console',
};

/** How a sensor is brought to the console's version where that cannot be done from here; a command where there is one. */
export const wayToUpgrade = (
  sensor: Sensor,
  release: { readonly version: string } | undefined,
): { readonly text: string; readonly command?: string } | undefined => {
  if (sensor.standing === 'newer')
    return {
      text: 'Its sensor is newer than this console. Upgrade the console; until then what only it knows is left out.',
    };
  if (sensor.standing !== 'outdated') return undefined;
  switch (sensor.program?.kind) {
    case undefined:
      return {
        text: 'This sensor is too old to upgrade itself. Run the command of Add a host on it once more: it stays the same host.',
      };
    case 'container':
      return {
        text: 'It runs in a container, which nobody but its owner replaces. Load the new image (Add a host shows how), then start it anew with the same volumes:',
        command: `docker compose up -d --force-recreate parapet-sensor   # image: parapet-sensor:${release?.version ?? 'VERSION'}`,
      };
    case 'with-console':
      return { text: 'It was started with its console and gets its version from there: start that one anew.' };
    case 'other':
      return { text: 'It was started by hand, e.g. from a checkout: start the new version the same way.' };
    case 'installed':
      return sensor.program.obstacle === undefined
        ? undefined
        : { text: `It cannot replace itself: ${sensor.program.obstacle}` };
  }
};

export const upgradeTones: Readonly<Record<SensorUpgrade['state'], Tone>> = {
  waiting: 'none',
  sent: 'none',
  running: 'none',
  done: 'ok',
  failed: 'bad',
  cancelled: 'none',
  expired: 'warn',
};

const stepNames: Readonly<Record<string, string>> = {
  download: 'Downloads',
  unpack: 'Unpacks',
  'self-check': 'Checks that it runs there',
  trial: 'Tries it beside the old one',
};

/** What is happening to it, or has. */
export const upgradeText = ({ state, step, progress, message, toVersion }: SensorUpgrade): string => {
  switch (state) {
    case 'waiting':
      return 'Waits for its turn, or for its host';
    case 'sent':
      return 'Asked';
    case 'running': {
      const name = stepNames[step ?? ''] ?? 'Under way';
      return step === 'download' && progress !== undefined ? `${name}, ${Math.round(progress * 100)} %` : name;
    }
    case 'done':
      return `Runs ${toVersion}`;
    case 'failed':
      return message ?? 'Failed; the old version runs';
    case 'cancelled':
      return message ?? 'Not begun';
    case 'expired':
      return message ?? 'The host did not connect in time';
  }
};
