import { z } from 'zod';
import { eventActions } from '../telemetry/fields.ts';
import { policyLimits, TelemetryRule, TelemetryRules } from '../telemetry/policy.ts';
import { Id, Instant } from './common.ts';
import { route, scoped, unscoped } from './route.ts';

const version = z.number().int().nonnegative();
const Action = z.enum(eventActions);

/** Where a host stands to the policy that is meant for it. `unable`: its sensor does not know policies, or not this one. */
export const PolicyStanding = z.enum(['followed', 'on-its-way', 'waiting', 'unable']);
export type PolicyStanding = z.infer<typeof PolicyStanding>;

export const PolicyVersion = z.object({
  version,
  at: Instant,
  by: z.string(),
  rules: z.number().int(),
});
export type PolicyVersion = z.infer<typeof PolicyVersion>;

/** What is recorded. Version 0 is that of a console in which nobody changed anything: without rules everything is. */
export const TelemetryPolicyStatus = z.object({
  version,
  rules: TelemetryRules,
  changedAt: Instant.optional(),
  changedBy: z.string().optional(),
  /** Hosts by where they stand to it. */
  hosts: z.record(PolicyStanding, z.number().int()),
  /** Actions that sensors of an earlier version do not know and record nothing of, and on how many hosts. */
  unknown: z.array(z.object({ action: Action, hosts: z.number().int() })).max(64),
});
export type TelemetryPolicyStatus = z.infer<typeof TelemetryPolicyStatus>;

/** What a host is to record and whether it does. */
export const HostPolicy = z.object({
  version,
  /** The rules for it, in their order. */
  rules: TelemetryRules,
  standing: PolicyStanding,
  /** Actions of which its sensor records nothing, as it says. */
  off: z.array(Action).max(64),
  /** Actions that its sensor does not know yet, so that it records none of them, whatever the rules say. */
  unknown: z.array(Action).max(64),
  /** Why it does not follow it. */
  problem: z.string().optional(),
});
export type HostPolicy = z.infer<typeof HostPolicy>;

/** What rules would touch now: running things whose events they may decide over, whatever earlier rules say. */
export const PolicyPreview = z.object({
  rules: z.array(z.object({ name: z.string(), hosts: z.number().int(), containers: z.number().int() })),
  /** Actions that no host would record at all. */
  off: z.array(Action).max(64),
});
export type PolicyPreview = z.infer<typeof PolicyPreview>;

export const telemetryPolicyRoutes = {
  'telemetryPolicy.get': route({
    method: 'GET',
    path: '/api/v1/telemetry-policy',
    summary: 'Which events are recorded, and how many hosts follow that',
    tag: 'hunt',
    access: scoped('sensors:read'),
    response: TelemetryPolicyStatus,
  }),
  'telemetryPolicy.update': route({
    method: 'PUT',
    path: '/api/v1/telemetry-policy',
    summary: 'Change which events are recorded; connected sensors follow at once',
    tag: 'hunt',
    access: unscoped('system:write'),
    /** `basedOn`: the version that was edited; refused when there is a newer one by now. */
    body: z.object({ basedOn: version, rules: TelemetryRules }),
    response: TelemetryPolicyStatus,
  }),
  'telemetryPolicy.preview': route({
    method: 'POST',
    path: '/api/v1/telemetry-policy/preview',
    summary: 'Which hosts and containers rules would touch, before they are saved',
    tag: 'hunt',
    access: unscoped('system:write'),
    body: z.object({ rules: TelemetryRules }),
    response: PolicyPreview,
  }),
  'telemetryPolicy.versions': route({
    method: 'GET',
    path: '/api/v1/telemetry-policy/versions',
    summary: 'Who changed it and when, latest first',
    tag: 'hunt',
    access: unscoped('system:read'),
    response: z.object({ items: z.array(PolicyVersion).max(policyLimits.versions) }),
  }),
  'telemetryPolicy.version': route({
    method: 'GET',
    path: '/api/v1/telemetry-policy/versions/:version',
    summary: 'The rules of an earlier version',
    tag: 'hunt',
    access: unscoped('system:read'),
    params: z.object({ version: z.coerce.number().int().min(1).max(1_000_000_000) }),
    response: PolicyVersion.extend({ rules: z.array(TelemetryRule) }),
  }),
  'telemetryPolicy.ofHost': route({
    method: 'GET',
    path: '/api/v1/telemetry-policy/hosts/:hostId',
    summary: 'Which events one host is to record, and whether its sensor does so',
    tag: 'hunt',
    access: scoped('sensors:read'),
    params: z.object({ hostId: Id }),
    response: HostPolicy,
  }),
} as const;
