import type { TelemetryAccount } from '@parapet/contract/telemetry';

/** What a measured skew may be off, and how far ahead a host's clock may be at all: it is the host that says its time. */
const slackMs = 60_000;
const maxAheadMs = 86_400_000;

/**
 * An account that is complete until a time that has not come yet, by the clock of its host as it was measured, is complete until it
 * came. Kept as it is, those that follow it would count as told before, and it would outlive what is kept.
 */
export const notAhead = (
  account: TelemetryAccount,
  { receivedAtMs, skewMs }: { readonly receivedAtMs: number; readonly skewMs: number },
): TelemetryAccount => {
  const now = Math.floor(receivedAtMs + Math.min(skewMs, maxAheadMs));
  return account.to <= now + slackMs ? account : { ...account, to: now };
};
