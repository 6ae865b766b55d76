import { assetRoutes } from './assets.ts';
import { backupRoutes } from './backups.ts';
import { deliveryRoutes } from './delivery.ts';
import { feedRoutes } from './feeds.ts';
import { findingRoutes } from './findings.ts';
import { forensicRoutes } from './forensics.ts';
import { huntRoutes } from './hunt.ts';
import { mapRoutes } from './map.ts';
import { packageRoutes } from './packages.ts';
import { peopleRoutes } from './people.ts';
import { retentionRoutes } from './retention.ts';
import type { RouteInput, RouteParsed, RouteResult } from './route.ts';
import { scanRoutes } from './scans.ts';
import { sensorUpgradeRoutes } from './sensor-upgrades.ts';
import { sensorRoutes } from './sensors.ts';
import { systemRoutes } from './system.ts';
import { telemetryPolicyRoutes } from './telemetry-policy.ts';
import { vexRoutes } from './vex.ts';

/** Every route of the API. Server, web client, CLI, OpenAPI and the access test are made from this table. */
export const routes = {
  ...peopleRoutes,
  ...sensorRoutes,
  ...sensorUpgradeRoutes,
  ...deliveryRoutes,
  ...assetRoutes,
  ...packageRoutes,
  ...mapRoutes,
  ...findingRoutes,
  ...vexRoutes,
  ...scanRoutes,
  ...huntRoutes,
  ...forensicRoutes,
  ...telemetryPolicyRoutes,
  ...feedRoutes,
  ...systemRoutes,
  ...backupRoutes,
  ...retentionRoutes,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
/** What a caller of the named route sends, what its handler gets, and what comes back. */
export type InputOf<N extends RouteName> = RouteInput<Routes[N]>;
export type ParsedOf<N extends RouteName> = RouteParsed<Routes[N]>;
export type ResultOf<N extends RouteName> = RouteResult<Routes[N]>;
