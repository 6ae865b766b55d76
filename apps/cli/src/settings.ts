import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the console keeps its data unless told otherwise. */
export const defaultDataDir = (): string =>
  process.getuid?.() === 0
    ? '/var/lib/parapet'
    : join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'parapet');

/** The folder of the built program this runs from. */
export const programDir = (): string => process.env['PARAPET_PROGRAM_DIR'] ?? import.meta.dirname;
