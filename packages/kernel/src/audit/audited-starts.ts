import { alignedInterval, fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { errno } from '../constants.ts';
import { KernelError } from '../kernel-error.ts';
import { type NetlinkSocket, openNetlinkSocket } from '../netlink/socket.ts';
import { type AuditControl, openAuditControl } from './audit-control.ts';
import { type AuditSettings, ourSettings, settingsOf, stillOurs } from './audit-settings.ts';
import { type AuditSharing, type AuditUse, readDaemon, readName, readReaders, whyNotToTake } from './audit-use.ts';
import { openKernelLog } from './kernel-log.ts';
import { auditMessages, auditProtocol, enabledStates, recordTypes, startCalls } from './numbers.ts';
import { makePassingFolder, type PassingFolder } from './passing-folder.ts';
import { putBackBy } from './put-back.ts';
import { refusalOf } from './refusal.ts';
import { type AuditRule, encodeStartRule } from './rule.ts';
import { type AuditedStart, createStartRecords } from './start-records.ts';
import { encodeChange } from './status.ts';

/**
 * Every start of a program with its arguments, from the kernel's audit. A host has one audit, and its records go to one program: it
 * is taken only from nobody, and given back to whoever asks for it.
 *
 * While it is open no process ever waits for a record to be read: what finds no room is lost and counted. Whatever ends this process, the
 * kernel stops making records (Linux 4.18; before that the rules stay, and of the records ten in five seconds go into the kernel's log).
 */
export type AuditedStarts = {
  /** What security modules say meanwhile goes on into the kernel's log; otherwise into nobody's. */
  readonly isLogKept: boolean;
  /** Reads what waits now, without waiting for the timer. */
  readonly drain: () => void;
  /** Asks what was dropped, without waiting for the timer. */
  readonly check: () => Promise<void>;
  /** Puts everything as it was before. */
  readonly close: () => Promise<void>;
};

export type AuditedStartsOptions = {
  readonly onStart: (start: AuditedStart) => void;
  /** Records that the kernel dropped, seven or so for each start; one stands for what nobody counted. */
  readonly onLost: (records: number) => void;
  /** It was given back, or taken away; no more comes and `close` need not be called. */
  readonly onEnded: (cause: string) => void;
  readonly sharing: AuditSharing;
  /** Marks our rules. */
  readonly key: string;
  readonly procPath: string;
  /** A folder that may be written, for a moment; default that of temporary files. */
  readonly folder?: string | undefined;
  /** Keeps what must be set again, before anything is changed. */
  readonly keep: (before: AuditSettings) => Promise<Result<void, Problem>>;
};

/** The kernel counts twice of it, and a record of a start as some 2 KB: those of some thousand starts. */
const receiveBufferBytes = 8 * 1024 * 1024;
const drainEveryMs = 20;
const checkEveryMs = 5000;
const maxDatagramsPerDrain = 100_000;

export const openAuditedStarts = async (options: AuditedStartsOptions): Promise<Result<AuditedStarts, Problem>> => {
  try {
    return await open(options);
  } catch (error) {
    if (error instanceof KernelError) return fail(refusalOf(error));
    throw error;
  }
};

const open = async (options: AuditedStartsOptions): Promise<Result<AuditedStarts, Problem>> => {
  if (startCalls().length === 0) return fail(problem('unsupported', 'Audit is not read on this processor.'));
  const control = openAuditControl();
  const held: (() => void)[] = [control.close];
  const letGo = (): void => {
    for (const close of held.splice(0).reverse()) close();
  };
  try {
    await putBackBy(control, { ...options, left: undefined });
    const use = await readUse(control, options.procPath);
    const reason = whyNotToTake(use, options.sharing);
    if (reason !== undefined) {
      letGo();
      return fail(problem('in-use', reason));
    }
    const before = settingsOf(use.status);
    const kept = await options.keep(before);
    if (!kept.ok) {
      letGo();
      return kept;
    }
    const socket = openNetlinkSocket({ protocol: auditProtocol, receiveBufferBytes });
    held.push(socket.close);
    const taken = take(control, socket, options, before);
    return ok(follow({ ...options, ...taken, control, socket, before, lost: use.status.lost, letGo }));
  } catch (error) {
    letGo();
    throw error;
  }
};

const readUse = async (control: AuditControl, procPath: string): Promise<AuditUse> => {
  const status = await control.status();
  const rules = (await control.rules()).length;
  return { status, daemon: readDaemon(procPath, status), rules, readers: readReaders(procPath) };
};

type Taken = { readonly rules: readonly AuditRule[]; readonly passing: PassingFolder | undefined };

/** Asks for records, so that the first ones do not go into the kernel's log; undoes it all when the kernel refuses any of it. */
const take = (
  control: AuditControl,
  socket: NetlinkSocket,
  { key, folder }: AuditedStartsOptions,
  before: AuditSettings,
): Taken => {
  const { enabled, ...others } = ourSettings;
  setBy(socket, { pid: process.pid });
  const passing = makePassingFolder(folder);
  const rules: AuditRule[] = [];
  try {
    control.set(others);
    for (const calls of startCalls())
      rules.push(addRule(control, (goneWith) => encodeStartRule(calls, { key, goneWith }), passing?.file));
    passing?.forget();
    control.set({ enabled });
    return { rules, passing };
  } catch (error) {
    removeRules(control, { rules, passing });
    control.set({ ...before, pid: 0 });
    throw error;
  }
};

/** Those that go with the folder are gone when it is: the kernel would look for its file to find them. */
const removeRules = (control: AuditControl, { rules, passing }: Taken): void => {
  passing?.close();
  for (const rule of rules) control.remove(rule);
};

/** The kernel sends records to whoever asks by this very socket. */
const setBy = (socket: NetlinkSocket, change: Parameters<typeof encodeChange>[0]): void => {
  const payload = encodeChange(change);
  socket.request({ type: auditMessages.set, payload, dump: false, maxAnswers: 0 }, () => {});
};

const addRule = (
  control: AuditControl,
  encode: (goneWith: string | undefined) => AuditRule,
  goneWith: string | undefined,
): AuditRule => {
  const rule = encode(goneWith);
  try {
    control.add(rule);
    return rule;
  } catch (error) {
    // Before Linux 4.18 a rule cannot leave a program out.
    if (goneWith === undefined || !(error instanceof KernelError) || error.errno !== errno.EINVAL) throw error;
    const plain = encode(undefined);
    control.add(plain);
    return plain;
  }
};

type Following = AuditedStartsOptions &
  Taken & {
    readonly control: AuditControl;
    readonly socket: NetlinkSocket;
    readonly before: AuditSettings;
    readonly lost: number;
    readonly letGo: () => void;
  };

const follow = (parts: Following): AuditedStarts => {
  const { control, socket, before, letGo, procPath } = parts;
  const records = createStartRecords(parts.onStart);
  const log = openKernelLog();
  let { lost } = parts;
  let isOpen = true;

  const take = (datagram: Uint8Array): void => {
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    if (bytes.length < headerBytes) return;
    const type = bytes.readUInt16LE(4);
    if (type === recordTypes.replace) {
      void end('Another program asked for the kernel’s audit records.');
      return;
    }
    // The length in its header leaves the header out, which no other message does: all that came counts.
    const text = bytes.toString('latin1', headerBytes);
    if (type === recordTypes.configuration && isRemoval.test(text) && text.includes(`"${parts.key}"`))
      void end('Somebody removed our rules from the kernel’s audit.');
    else if (type > maxOwnType) log.pass(type, text);
    else records.take(type, text);
  };
  const drain = (): void => {
    if (isOpen) attemptOr(() => socket.drain(take, maxDatagramsPerDrain));
  };
  /** What we do must not fail for a socket that the kernel closed to us. */
  const attemptOr = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      void end(`The kernel’s audit failed: ${error.message}`);
    }
  };
  const check = async (): Promise<void> => {
    const status = await control.status();
    if (!isOpen) return;
    // It may have been set to 0 by somebody.
    if (status.lost > lost) parts.onLost(status.lost - lost);
    lost = status.lost;
    if (status.enabled === enabledStates.off) await end('Somebody switched the kernel’s audit off.');
    else if (status.pid === 0 || readName(procPath, status.pid) === undefined) {
      // A program that does not read for long is dropped by the kernel, and what it is not sent then is in no count.
      parts.onLost(1);
      setBy(socket, { pid: process.pid });
    } else if (status.pid !== process.pid) await end('Another program took the kernel’s audit records.');
  };
  const restore = async (): Promise<void> => {
    const status = await control.status();
    removeRules(control, parts);
    const isOurs = status.pid === process.pid;
    const { enabled, ...others } = stillOurs(status, before);
    // Who took it from us needs it on. What others set since is left to them.
    control.set(isOurs && enabled !== undefined ? { ...others, enabled } : others);
    // Last, so that what these changes tell comes to us and not into the kernel's log.
    if (isOurs) control.set({ pid: 0 });
  };
  const stop = async (): Promise<void> => {
    isOpen = false;
    stopDraining();
    clearInterval(checkTimer);
    try {
      await restore();
    } finally {
      // What could not be asked for goes all the same: rules with their folder, the rest with the socket.
      parts.passing?.close();
      log.close();
      letGo();
    }
  };
  const end = async (cause: string): Promise<void> => {
    if (!isOpen) return;
    await stop().catch(passUnlessKernel);
    parts.onEnded(cause);
  };
  const stopDraining = alignedInterval(drain, drainEveryMs);
  const checkOr = (): Promise<void> =>
    check().catch((error: unknown) => {
      passUnlessKernel(error);
      return end(`The kernel’s audit failed: ${String(error)}`);
    });
  const checkTimer = setInterval(() => {
    records.expire();
    void checkOr();
  }, checkEveryMs).unref();
  return {
    isLogKept: log.isOpen,
    drain,
    check: async () => (isOpen ? checkOr() : undefined),
    close: async () => {
      if (!isOpen) return;
      drain();
      await stop().catch(passUnlessKernel);
    },
  };
};

const headerBytes = 16;
/** Records of system calls end here; beyond are those of security modules and integrity, and what programs say. */
const maxOwnType = 1325;
const isRemoval = /\bop="?(remove_rule|autoremove_rule)"?/;

const passUnlessKernel = (error: unknown): void => {
  if (!(error instanceof KernelError)) throw error;
};
