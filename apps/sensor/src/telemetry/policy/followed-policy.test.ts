import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionVocabulary } from '@parapet/contract/telemetry';
import type { TelemetryPolicy } from '@parapet/contract/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../log.ts';
import { createStateFile } from '../../state/state-files.ts';
import { openTelemetryPolicy, PolicyFile, type TelemetryPolicyHolder } from './followed-policy.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-policy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Promise<TelemetryPolicyHolder> =>
  openTelemetryPolicy({
    file: createStateFile(folder, 'telemetry-policy.json', PolicyFile),
    surroundings: { containerOf: () => undefined, elapsedMs: () => 0 },
    log: silentLog,
  });

const policy = (digest: string, more: Partial<TelemetryPolicy> = {}): TelemetryPolicy => ({
  kind: 'telemetry-policy',
  format: 1,
  digest,
  rules: [{ name: 'no mounts', actions: ['mount', 'an action of tomorrow'], keep: 0 }],
  ...more,
});

const mount = { '@timestamp': 1, 'event.action': 'mount' } as const;

describe('the telemetry policy that a sensor follows', () => {
  it('is none at first: everything is told', async () => {
    const holder = await open();
    expect(holder.followed()).toEqual({ digest: 'default', off: [], vocabulary: actionVocabulary });
    expect(holder.judge(mount, true)).toBe('tell');
  });

  it('holds at once and after a start anew', async () => {
    const holder = await open();
    await holder.follow(policy('aa'));
    await holder.follow(policy('ab'));
    expect(holder.judge(mount, true)).toBe('unwanted');
    const again = await open();
    expect(again.followed()).toEqual({ digest: 'ab', off: ['mount'], vocabulary: actionVocabulary });
    expect(again.judge(mount, true)).toBe('unwanted');
  });

  it.each([
    ['a format of tomorrow', { format: 2 }],
    ['rules that cannot be read', { rules: [{ name: 'x', actions: ['mount'], keep: 'some' }] }],
  ])('stays as it was when there comes one with %s, and says so', async (_what, more) => {
    const holder = await open();
    await holder.follow(policy('aa'));
    await holder.follow(policy('bb', more));
    expect(holder.followed()).toMatchObject({ digest: 'aa', off: ['mount'], problem: expect.any(String) });
    expect((await open()).followed()).toEqual({ digest: 'aa', off: ['mount'], vocabulary: actionVocabulary });
    await holder.follow(policy('cc', { rules: [] }));
    expect(holder.followed()).toEqual({ digest: 'cc', off: [], vocabulary: actionVocabulary });
  });

  it('is none where what was kept is broken', async () => {
    writeFileSync(join(folder, 'telemetry-policy.json'), '{"format":1,"policy":');
    expect((await open()).followed()).toEqual({ digest: 'default', off: [], vocabulary: actionVocabulary });
  });

  it('holds for this run where it cannot be kept', async () => {
    const holder = await openTelemetryPolicy({
      file: { read: async () => undefined, write: async () => Promise.reject(new Error('no space')) },
      surroundings: { containerOf: () => undefined, elapsedMs: () => 0 },
      log: silentLog,
    });
    await holder.follow(policy('aa'));
    expect(holder.judge(mount, true)).toBe('unwanted');
  });
});
