import { enrolmentKeyWord } from '@parapet/contract/api';
import { AppError } from '@parapet/core';
import type { Authority } from '../authority/authority.ts';
import type { BackupFeature } from '../backup/backup-feature.ts';
import type { ControlHandlers } from '../control/control-server.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { FindingsFeature } from '../findings/feature.ts';
import type { ForensicsDesk } from '../forensics/desk.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { issueAdminLink } from '../people/link-routes.ts';
import { hasActiveAdmin } from '../people/users.ts';
import { readStatus, type StatusDeps } from '../self-watch/status-routes.ts';
import type { Hunts } from '../telemetry/hunts.ts';
import type { People } from './people.ts';

/** What the command line of this machine may ask of the running console. */
export const createControlHandlers = (deps: {
  readonly status: StatusDeps;
  readonly people: People;
  readonly gateway: Pick<Gateway, 'createLocalEnrolmentKey' | 'createEnrolmentKey'>;
  readonly delivery: Pick<Delivery, 'make' | 'describe'>;
  readonly feeds: FindingsFeature['feeds'];
  readonly backups: Pick<BackupFeature, 'stream'>;
  readonly telemetry: { readonly hunts: Pick<Hunts, 'events'> };
  readonly forensics: Pick<ForensicsDesk, 'evidence'>;
  readonly addresses: () => readonly string[];
  readonly authority: Pick<Authority, 'certificatePem'>;
}): ControlHandlers => ({
  status: async () => ({
    ...(await readStatus(deps.status, null)),
    firstAdminNeeded: !(await hasActiveAdmin(deps.people.db)),
  }),
  authority: async () => ({ certificatePem: deps.authority.certificatePem }),
  adminLink: (username) => issueAdminLink(deps.people, username),
  localEnrolment: async () => {
    const { key, authorityPin } = await deps.gateway.createLocalEnrolmentKey();
    return { consoleUrl: localUrl(deps.addresses()), authorityPin, key };
  },
  enrolmentKey: async (asked) => {
    const { key, authorityPin } = await deps.gateway.createEnrolmentKey(asked);
    return { consoleUrl: localUrl(deps.addresses()), authorityPin, key };
  },
  backup: deps.backups.stream,
  sensorCommand: async ({ architecture, kind, expiresInHours, maxUses }) => {
    const made = await deps.delivery.make(kind, architecture);
    if (!made.ok) throw new AppError(made.error.code, 503, made.error.message);
    const { commands } = await deps.delivery.describe();
    const expiresAt = new Date(deps.status.clock.now() + expiresInHours * 3_600_000);
    const part = { name: 'Command line', zone: 'default', labels: {} };
    const { key } = await deps.gateway.createEnrolmentKey({ ...part, hours: expiresInHours, maxUses });
    await deps.people.audit.record({
      actor: { kind: 'system', name: 'command line' },
      action: 'enrolmentKeys.create',
      outcome: 'succeeded',
      details: { expiresAt: expiresAt.toISOString(), maxUses: maxUses ?? null },
    });
    const withKey = ([name, text]: readonly [string, string | undefined]) => [
      name,
      text?.replaceAll(enrolmentKeyWord, key),
    ];
    return {
      commands: Object.fromEntries(Object.entries(commands).map(withKey)),
      expiresAt: expiresAt.toISOString(),
    };
  },
  hunt: async (asked) => {
    const found = await deps.telemetry.hunts.events(asked, null);
    const { q, since, until, after } = asked;
    // One entry for a hunt, not one for each of its pages.
    if (after === undefined) {
      await deps.people.audit.record({
        actor: { kind: 'system', name: 'command line' },
        action: 'hunt',
        outcome: 'succeeded',
        details: { q, since, until },
      });
    }
    return found;
  },
  evidence: async (asked) => {
    const asker = { actor: { kind: 'system', name: 'command line' }, id: '', scope: null, withFindings: true } as const;
    // One that goes away before the end destroys the stream, which ends the reading.
    const { stream } = await deps.forensics.evidence(asked, asker, new AbortController().signal);
    return stream;
  },
  feedsStatus: deps.feeds.status,
  feedsUpdate: deps.feeds.update,
  feedsImport: async (bundle) => {
    const status = await deps.feeds.import(bundle);
    await deps.people.audit.record({
      actor: { kind: 'system', name: 'command line' },
      action: 'feeds.import',
      outcome: 'succeeded',
    });
    return status;
  },
});

/** The sensor of this machine needs no name server and no route. */
const localUrl = (addresses: readonly string[]): string =>
  addresses.find((address) => new URL(address).hostname === 'localhost') ?? addresses.at(-1) ?? '';
