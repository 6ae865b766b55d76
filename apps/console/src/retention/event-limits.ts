import type { RetentionSettings } from '@parapet/contract/api';
import type { DiskGuard } from '../self-watch/disk-guard.ts';
import type { DiskPressure, EventLimits } from '../telemetry/let-go.ts';

export const eventLimitsOf = ({ telemetryDays, telemetryBytes }: RetentionSettings): EventLimits => ({
  days: telemetryDays,
  bytes: telemetryBytes,
});

const hourMs = 3_600_000;

/**
 * Events make room for everything else once the disk is 85 % full. The newest day stays, on a full disk the newest hour:
 * otherwise whoever fills the disk could erase what was seen of it.
 */
export const eventPressureOf = (guard: Pick<DiskGuard, 'state' | 'excessBytes'>): DiskPressure | undefined => {
  const state = guard.state();
  if (state === 'ok') return undefined;
  return { bytes: guard.excessBytes(), keepMs: state === 'full' ? hourMs : 24 * hourMs };
};
