export {
  type EventAction,
  type EventKind,
  eventActions,
  eventKinds,
  type FieldName,
  type FieldType,
  telemetryFields,
} from '../telemetry/fields.ts';
export { type Token, tokenize } from '../telemetry/hunt-tokens.ts';
export {
  asksContainers,
  isForAll,
  policyLimits,
  TelemetryRule,
  TelemetryRules,
  unwantedActions,
} from '../telemetry/policy.ts';
export type { LookedProcess, OpenFile, OpenSocket } from '../wire/look.ts';
export * from './assets.ts';
export * from './backups.ts';
export * from './client.ts';
export * from './collector-words.ts';
export * from './common.ts';
export * from './delivery.ts';
export * from './event-notes.ts';
export * from './feeds.ts';
export * from './findings.ts';
export * from './forensics.ts';
export * from './hunt.ts';
export * from './hunt-words.ts';
export * from './lost-words.ts';
export * from './map.ts';
export * from './packages.ts';
export * from './people.ts';
export * from './process-life.ts';
export * from './retention.ts';
export * from './route.ts';
export * from './routes.ts';
export * from './scans.ts';
export * from './sensor-upgrades.ts';
export * from './sensors.ts';
export * from './system.ts';
export * from './telemetry-policy.ts';
export * from './vex.ts';
