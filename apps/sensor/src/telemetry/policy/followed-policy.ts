import { actionVocabulary, HostRules, noPolicy } from '@parapet/contract/telemetry';
import { type FollowedPolicy, TelemetryPolicy } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import type { StateFile } from '../../state/state-files.ts';
import { createEventFilter, type EventFilter, type FilterSurroundings } from './event-filter.ts';

/** The policy as it came, kept so that it holds before the console answers. */
export const PolicyFile = z.object({ format: z.literal(1), policy: TelemetryPolicy });
export type PolicyFile = z.infer<typeof PolicyFile>;

/** Which telemetry policy this sensor follows, and the filter that it makes. */
export type TelemetryPolicyHolder = EventFilter & {
  readonly follow: (policy: TelemetryPolicy) => Promise<void>;
  /** What the console is told. */
  readonly followed: () => FollowedPolicy;
};

/** Takes up the policy that was kept; one that cannot be read is as none, and everything is recorded until the console speaks. */
export const openTelemetryPolicy = async (deps: {
  readonly file: Pick<StateFile<PolicyFile>, 'read' | 'write'>;
  readonly surroundings: FilterSurroundings;
  readonly log: Log;
}): Promise<TelemetryPolicyHolder> => {
  const { file, surroundings, log } = deps;
  let digest: string = noPolicy;
  let problem: string | undefined;
  let filter = createEventFilter([], surroundings);

  const take = (policy: TelemetryPolicy): boolean => {
    const rules = policy.format === knownFormat ? HostRules.safeParse(policy.rules) : undefined;
    if (rules?.success !== true) {
      problem = `This sensor does not understand the policy (format ${policy.format}) and follows the one before it.`;
      return false;
    }
    filter = createEventFilter(rules.data, surroundings);
    ({ digest } = policy);
    problem = undefined;
    return true;
  };

  const kept = await file.read().catch((error: unknown) => {
    log.warn('the kept telemetry policy cannot be read', { error: messageOf(error) });
    return undefined;
  });
  if (kept !== undefined) take(kept.policy);

  return {
    judge: (event, isLast) => filter.judge(event, isLast),
    leavesOut: (action, runtimeId) => filter.leavesOut(action, runtimeId),
    get off() {
      return filter.off;
    },
    follow: async (policy) => {
      if (!take(policy)) {
        log.warn('a telemetry policy is not understood', { digest: policy.digest, format: policy.format });
        return;
      }
      log.info('follows a telemetry policy', { digest, rules: policy.rules.length, off: [...filter.off] });
      // Not kept, it holds until this run ends, and comes again with the next connection.
      await file
        .write({ format: 1, policy })
        .catch((error: unknown) => log.warn('the telemetry policy could not be kept', { error: messageOf(error) }));
    },
    followed: () => ({
      ...{ digest, off: [...filter.off], vocabulary: actionVocabulary },
      ...(problem === undefined ? {} : { problem }),
    }),
  };
};

const knownFormat = 1;
