import { readBootId } from '../../proc/host-times.ts';
import { createStateFile } from '../../state/state-files.ts';
import { AuditState, createAuditMemory } from '../audit-memory.ts';
import { createAuditTeller } from '../audit-teller.ts';

/** Uses the kernel's audit until it is killed; its argument is a state folder. */
const memory = createAuditMemory({
  ...{ procPath: '/proc', bootId: readBootId('/proc') },
  file: createStateFile(process.argv[2] ?? '', 'audit.json', AuditState),
});
const opened = await createAuditTeller({ sharing: 'unused', procPath: '/proc', memory }).open();
process.send?.(opened.ok ? 'open' : opened.error.message);
// The channel keeps it running.
process.once('message', () => undefined);
