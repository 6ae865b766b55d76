import { type Hello, protocolVersions } from '@parapet/contract/wire';
import type { HostArrival } from './host-presence.ts';

/** The newest version both ends speak; `undefined` when there is none. */
export const agreeOnVersion = (offered: Hello['protocol']): number | undefined => {
  const version = Math.min(offered.current, protocolVersions.current);
  return version < Math.max(offered.oldest, protocolVersions.oldest) ? undefined : version;
};

/** Below this a difference of clocks may as well be travel time. */
export const correctedFromMs = 2000;

/** A hello in our times; nothing in it lies in the future. */
export const readArrival = (
  hello: Hello,
  peer: { readonly hostId: string; readonly address: string },
  skewMs: number,
  nowMs: number,
): HostArrival => {
  const correction = Math.abs(skewMs) > correctedFromMs ? skewMs : 0;
  const past = (ms: number): Date => new Date(Math.max(0, Math.min(nowMs, ms - correction)));
  const { previousRun } = hello;
  return {
    hostId: peer.hostId,
    version: hello.sensorVersion,
    address: peer.address,
    runId: hello.runId,
    bootId: hello.bootId,
    program: hello.program,
    policy: hello.policy,
    startedAt: past(hello.startedAt),
    previous:
      previousRun === undefined
        ? undefined
        : {
            runId: previousRun.runId,
            end: previousRun.end,
            lastAliveAt: past(previousRun.lastAliveAt),
            cause: previousRun.cause,
            detail: previousRun.detail,
          },
    now: new Date(nowMs),
  };
};
