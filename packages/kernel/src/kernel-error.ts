import type { Problem } from '@parapet/core';
import { errnoName, lastErrno } from './libc.ts';

/** A refused system call. It reads as a `Problem`: `code` is the error's name in small letters, e.g. `eperm`. */
export class KernelError extends Error implements Problem {
  readonly call: string;
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number, hint?: string) {
    const name = errnoName(errno);
    super(`${call} failed with ${name}${hint === undefined ? '' : `: ${hint}`}.`);
    this.name = 'KernelError';
    this.call = call;
    this.errno = errno;
    this.code = name.toLowerCase();
  }
}

/** The error of the call that just failed. */
export const callFailed = (call: string, hint?: string): KernelError => new KernelError(call, lastErrno(), hint);

/** Passes a result through and throws a `KernelError` for a negative one. */
export const checked = (call: string, result: number, hint?: string): number => {
  if (result < 0) throw callFailed(call, hint);
  return result;
};

/** Runs something that throws a `KernelError` and hands that error back as a value; anything else thrown is a bug and passes. */
export const attempt = <T>(
  action: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KernelError } => {
  try {
    return { ok: true, value: action() };
  } catch (error) {
    if (error instanceof KernelError) return { ok: false, error };
    throw error;
  }
};
