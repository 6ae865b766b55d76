import { expect, it } from 'vitest';
import type { AuditControl } from './audit-control.ts';
import { type AuditSettings, ourSettings } from './audit-settings.ts';
import { startCalls } from './numbers.ts';
import { type LeftAudit, putBackBy } from './put-back.ts';
import { encodeStartRule } from './rule.ts';

const before: AuditSettings = { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 15_000 };
const ruleOf = (key: string) =>
  startCalls('x64').map((calls) => encodeStartRule(calls, { key, goneWith: undefined }))[0] ?? new Uint8Array(0);
const [ours, foreign] = [ruleOf('parapet'), ruleOf('theirs')];

/** What is set and which rules there are afterwards, on a host whose init is the only process. */
const settle = async (
  host: { readonly pid?: number; readonly settings?: Partial<AuditSettings> },
  left?: AuditSettings,
) => {
  let status = {
    pid: 0,
    lost: 0,
    ...ourSettings,
    ...host.settings,
    ...(host.pid === undefined ? {} : { pid: host.pid }),
  };
  let rules = [ours, foreign];
  const control: AuditControl = {
    status: async () => status,
    rules: async () => rules,
    set: (change) => {
      status = { ...status, ...change };
    },
    add: () => {},
    remove: (rule) => {
      rules = rules.filter((one) => one !== rule);
      return true;
    },
    close: () => {},
  };
  const parts: LeftAudit = { key: 'parapet', left, procPath: '/proc' };
  await putBackBy(control, parts);
  const { enabled, failure, backlogLimit, backlogWaitTime } = status;
  return { settings: { enabled, failure, backlogLimit, backlogWaitTime }, rules };
};
/** Nothing has this number. */
const ended = 0x7fff_ffff;

it('sets what was before and removes our rules alone, also where the kernel still names who was killed', async () => {
  expect(await settle({}, before)).toEqual({ settings: before, rules: [foreign] });
  expect(await settle({ pid: ended }, before)).toEqual({ settings: before, rules: [foreign] });
});

it('leaves to others what they set since, and on what they read', async () => {
  const changed = await settle({ settings: { backlogLimit: 500 } }, before);
  expect(changed.settings).toEqual({ ...before, enabled: 1, backlogLimit: 500 });
  const read = await settle({ pid: 1 }, before);
  expect(read).toEqual({ settings: { ...before, enabled: 1 }, rules: [foreign] });
});

it('switches off what nobody remembers, unless somebody reads it', async () => {
  expect(await settle({})).toEqual({ settings: { ...ourSettings, enabled: 0 }, rules: [foreign] });
  expect(await settle({ pid: 1 })).toEqual({ settings: ourSettings, rules: [ours, foreign] });
});
