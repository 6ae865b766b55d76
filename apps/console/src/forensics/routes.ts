import type { ForensicProcess } from '@parapet/contract/api';
import { forbidden } from '@parapet/core';
import type { Caller, RouteHandlers } from '../http/handler.ts';
import type { Asker, ForensicsDesk } from './desk.ts';

export type ForensicRoutes = Pick<RouteHandlers, 'forensics.get' | 'forensics.evidence' | 'forensics.look'>;

/** Routes about one process or container. Everyone sees what is in their scope. */
export const createForensicRoutes = (desk: ForensicsDesk): ForensicRoutes => ({
  'forensics.get': async ({ query, caller, address }) => {
    const found = await desk.get(query, askerOf(caller, address));
    return { ...found, processes: found.processes.map(shortened) };
  },
  'forensics.evidence': ({ query, caller, address, signal }) => desk.evidence(query, askerOf(caller, address), signal),
  'forensics.look': ({ body, caller, address }) => desk.look(body, askerOf(caller, address)),
});

/** It shows processes and connections of the inventory as well as events. */
const askerOf = ({ kind, id, name, scope, permissions }: Caller, address: string): Asker => {
  if (!permissions.has('assets:read'))
    throw forbidden(`This needs the permission assets:read as well, which ${name} does not have.`);
  return { actor: { kind, name }, id, address, scope, withFindings: permissions.has('findings:read') };
};

/** A list of thousands is not made of whole command lines: those are in the events and in the archive. */
const maxCommand = 1000;
const shortened = (process: ForensicProcess): ForensicProcess => ({
  ...process,
  ...(process.commandLine === undefined ? {} : { commandLine: beginningOf(process.commandLine) }),
  ...(process.ranBefore === undefined ? {} : { ranBefore: process.ranBefore.map(beginningOf) }),
});

const beginningOf = (command: string): string =>
  command.length <= maxCommand ? command : `${command.slice(0, maxCommand)}…`;
