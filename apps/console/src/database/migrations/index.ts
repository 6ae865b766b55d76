import type { Kysely } from 'kysely';
import * as people from './0001-people.ts';
import * as inventory from './0002-inventory.ts';
import * as findings from './0003-findings.ts';
import * as graph from './0004-graph.ts';
import * as removedSensors from './0005-removed-sensors.ts';
import * as sensorUpgrades from './0006-sensor-upgrades.ts';
import * as findingChanges from './0009-finding-changes.ts';
import * as largeLists from './0010-large-lists.ts';
import * as packagePlaces from './0011-package-places.ts';
import * as languagePackages from './0013-language-packages.ts';
import * as packageHistory from './0014-package-history.ts';
import * as telemetry from './0015-telemetry.ts';
import * as toldStarts from './0016-told-starts.ts';
import * as telemetryGone from './0019-telemetry-gone.ts';
import * as vex from './0020-vex.ts';
import * as uploads from './0021-uploads.ts';
import * as savedHunts from './0022-saved-hunts.ts';
import * as telemetryPolicies from './0023-telemetry-policies.ts';
import * as scannerVersions from './0024-scanner-versions.ts';
import * as matchDigests from './0028-match-digests.ts';
import * as lossKinds from './0032-loss-kinds.ts';
import * as endedEdgeReports from './0036-ended-edge-reports.ts';
import * as riskContextsByPackage from './0037-risk-contexts-by-package.ts';
import * as coarserAccounts from './0041-coarser-accounts.ts';
import * as watchedSince from './0042-watched-since.ts';
import * as thinnedAccounts from './0043-thinned-accounts.ts';
import * as lateAccounts from './0044-late-accounts.ts';
import * as rollUpMerges from './0045-roll-up-merges.ts';
import * as unmatchedPackages from './0048-unmatched-packages.ts';

export type Migration = { readonly up: (db: Kysely<unknown>) => Promise<void> };

/** All migrations in their order. Append only: what was released is never changed, and its name never reused. */
export const migrations: readonly (readonly [name: string, migration: Migration])[] = [
  ['0001-people', people],
  ['0002-inventory', inventory],
  ['0003-findings', findings],
  ['0004-graph', graph],
  ['0005-removed-sensors', removedSensors],
  ['0006-sensor-upgrades', sensorUpgrades],
  ['0009-finding-changes', findingChanges],
  ['0010-large-lists', largeLists],
  ['0011-package-places', packagePlaces],
  ['0013-language-packages', languagePackages],
  ['0014-package-history', packageHistory],
  ['0015-telemetry', telemetry],
  ['0016-told-starts', toldStarts],
  ['0019-telemetry-gone', telemetryGone],
  ['0020-vex', vex],
  ['0021-uploads', uploads],
  ['0022-saved-hunts', savedHunts],
  ['0023-telemetry-policies', telemetryPolicies],
  ['0024-scanner-versions', scannerVersions],
  ['0028-match-digests', matchDigests],
  ['0032-loss-kinds', lossKinds],
  ['0036-ended-edge-reports', endedEdgeReports],
  ['0037-risk-contexts-by-package', riskContextsByPackage],
  ['0041-coarser-accounts', coarserAccounts],
  ['0042-watched-since', watchedSince],
  ['0043-thinned-accounts', thinnedAccounts],
  ['0044-late-accounts', lateAccounts],
  ['0045-roll-up-merges', rollUpMerges],
  ['0048-unmatched-packages', unmatchedPackages],
];
