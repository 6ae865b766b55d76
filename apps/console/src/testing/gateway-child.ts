import { connectDatabase } from '../database/connect.ts';
import { startTestGateway } from './test-gateway.ts';

/**
 * A gateway in a process of its own, for tests that kill it. Its settings come as one JSON argument; it prints its port and
 * an enrolment key when it listens.
 */
type ChildSettings = {
  readonly keysDir: string;
  readonly database: {
    readonly socketDir: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
};

const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const { socketDir, ...database } = settings.database;
const connection = connectDatabase({ address: { kind: 'socket', socketDir: () => socketDir, ...database } });
const gateway = await startTestGateway(connection.db, { keysDir: settings.keysDir });
const key = await gateway.key();
process.stdout.write(
  `${JSON.stringify({ port: gateway.port, authorityPem: gateway.authorityPem, key: key.secret })}\n`,
);
