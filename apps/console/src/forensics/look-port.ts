import { randomUUID } from 'node:crypto';
import { type Look, type LookAnswer, type LookedProcess, type LookTarget, lookLimits } from '@parapet/contract/wire';
import { AppError, conflict } from '@parapet/core';

/** Where connections of sensors are asked to look, and bring what they saw. */
export type LookPort = {
  /** Without `send` the sensor is one that cannot look. */
  readonly attach: (hostId: string, send: ((look: Look) => void) | undefined) => LookLink;
};

export type LookLink = {
  readonly heard: (answer: LookAnswer) => void;
  readonly detach: () => void;
};

export type Looked = {
  readonly processes: readonly LookedProcess[];
  /** Further ones that were not looked at. */
  readonly left: number;
};

export type LookDesk = {
  readonly port: LookPort;
  /** Asks a host's sensor. Throws an AppError in words for people where that cannot be answered. */
  readonly look: (hostId: string, target: LookTarget) => Promise<Looked>;
};

/** A look takes milliseconds; a process with a hanging file system may take a second for its arguments. */
const patienceMs = 30_000;
/** Of all hosts together: each may be some megabytes. */
const maxLooks = 16;

type Sensor = { readonly send: ((look: Look) => void) | undefined };
type Waiting = {
  readonly sensor: Sensor;
  readonly processes: LookedProcess[];
  readonly settle: (outcome: Looked | AppError) => void;
};

/** Asks connected sensors, one look a host at a time. Nothing is kept: what breaks off is asked again by whoever asked. */
export const createLookDesk = (options: { readonly patienceMs?: number } = {}): LookDesk => {
  const sensors = new Map<string, Sensor>();
  const waiting = new Map<string, Waiting>();

  const settle = (lookId: string, outcome: Looked | AppError): void => {
    const look = waiting.get(lookId);
    waiting.delete(lookId);
    look?.settle(outcome);
  };

  const heard = (sensor: Sensor, { lookId, process, end }: LookAnswer): void => {
    const look = waiting.get(lookId);
    if (look?.sensor !== sensor) return;
    if (process !== undefined && look.processes.length < lookLimits.processes) look.processes.push(process);
    if (end === undefined) return;
    if (look.processes.length > 0) settle(lookId, { processes: look.processes, left: end.left });
    else settle(lookId, conflict('nothing-there', end.problem ?? 'The sensor saw nothing.'));
  };

  return {
    port: {
      attach: (hostId, send) => {
        const sensor: Sensor = { send };
        sensors.set(hostId, sensor);
        return {
          heard: (answer) => heard(sensor, answer),
          detach: () => {
            if (sensors.get(hostId) === sensor) sensors.delete(hostId);
            for (const [lookId, look] of waiting)
              if (look.sensor === sensor)
                settle(lookId, conflict('broken-off', 'The sensor’s connection ended meanwhile. Ask again.'));
          },
        };
      },
    },
    look: (hostId, target) =>
      new Promise((resolve, reject) => {
        const sensor = sensors.get(hostId);
        if (sensor === undefined)
          throw conflict('not-connected', 'The sensor of this host is not connected: nothing can be looked at now.');
        if (sensor.send === undefined)
          throw conflict('too-old', 'The sensor of this host cannot look at processes yet. Upgrade it.');
        const isAsked = [...waiting.values()].some((look) => look.sensor === sensor);
        if (isAsked || waiting.size >= maxLooks)
          throw new AppError('busy', 429, 'Somebody looks right now. Try again in a moment.');
        const lookId = randomUUID();
        const late = setTimeout(
          () => settle(lookId, conflict('no-answer', 'The sensor did not answer in time. Ask again.')),
          options.patienceMs ?? patienceMs,
        );
        waiting.set(lookId, {
          sensor,
          processes: [],
          settle: (outcome) => {
            clearTimeout(late);
            if (outcome instanceof AppError) reject(outcome);
            else resolve(outcome);
          },
        });
        sensor.send({ kind: 'look', lookId, target });
      }),
  };
};
