import type { Kysely, Transaction } from 'kysely';
import type { FindingsTables } from './tables/findings.ts';
import type { InventoryTables } from './tables/inventory.ts';
import type { PeopleTables } from './tables/people.ts';
import type { TelemetryTables } from './tables/telemetry.ts';

/** All tables of the state store. Readers take `Database`; writers exist only inside a `DatabaseTransaction`. */
export type Tables = InventoryTables & PeopleTables & FindingsTables & TelemetryTables;
export type Database = Kysely<Tables>;
export type DatabaseTransaction = Transaction<Tables>;
