import { tmpdir } from 'node:os';
import { findBinaries } from '../database/postgres-launcher/binaries.ts';
import { testRunAs } from './test-server.ts';

const found = await findBinaries({ copyDir: tmpdir(), runAs: testRunAs, systemOnly: true }).catch(() => undefined);

/** People may name an external server, 15 or newer; the machine's own stands for it in tests. */
export const systemPostgres = { met: found !== undefined, reason: 'needs a PostgreSQL of the machine, 15 or newer' };
