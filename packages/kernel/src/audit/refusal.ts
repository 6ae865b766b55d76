import { type Problem, problem } from '@parapet/core';
import { errno } from '../constants.ts';
import type { KernelError } from '../kernel-error.ts';

/** Why the kernel does not let us, in a sentence. */
export const refusalOf = (error: KernelError): Problem => problem(error.code, whyRefused(error));

const whyRefused = ({ errno: number, message }: KernelError): string => {
  switch (number) {
    case errno.EPERM:
      return 'The kernel’s audit needs CAP_AUDIT_CONTROL and the host’s own pid namespace.';
    case errno.EPROTONOSUPPORT:
    case errno.ECONNREFUSED:
      return 'This kernel has no audit, it was switched off at boot, or this is not the host’s own user namespace.';
    case errno.EEXIST:
      return 'The kernel’s audit records go to another program already, and it sends them to one program only.';
    default:
      return `The kernel’s audit cannot be used (${message.replace(/\.$/, '')}).`;
  }
};
