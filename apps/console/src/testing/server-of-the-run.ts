import { startTestServer, type TestPostgres, type TestServerPlace, usualPostgres } from './test-server.ts';

/** Processes of a run are told by their environment, which they inherit. */
const variable = 'PARAPET_TEST_SERVER';

/** The server that all files of a run share, each with databases of its own; absent where the run has none of this kind. */
export const serverOfTheRun = (kind: TestPostgres): TestServerPlace | undefined => {
  const told = process.env[variable];
  return told === undefined || kind !== usualPostgres ? undefined : (JSON.parse(told) as TestServerPlace);
};

/** Called by the test runner before the first file; it calls what is returned after the last one. */
export const setup = async (): Promise<() => Promise<void>> => {
  const { stop, ...place } = await startTestServer(usualPostgres);
  process.env[variable] = JSON.stringify(place);
  return stop;
};
