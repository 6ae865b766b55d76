import { architectureConstants } from '../architecture.ts';
import { callFailed, checked } from '../kernel-error.ts';
import { addressOf, libc } from '../libc.ts';
import { type BpfObject, objectOf } from './bpf-object.ts';

/** A source of perf events (perf_event_open(2)) as far as programs need it. Throws a `KernelError`. */
export const openPerfEvent = (options: {
  readonly type: keyof typeof types;
  /** Of a tracepoint its number in tracefs. */
  readonly config: number;
  readonly cpu: number;
}): BpfObject => {
  const attributes = new Uint8Array(attributeBytes);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, types[options.type], true);
  view.setUint32(4, attributeBytes, true);
  view.setBigUint64(8, BigInt(options.config), true);
  view.setBigUint64(16, 1n, true);
  view.setBigUint64(24, sampleRaw, true);
  // Its reader looks by time: nobody is to be woken for each record.
  view.setBigUint64(40, watermark, true);
  view.setUint32(48, 0x7fff_ffff, true);
  const { perfEventOpen } = architectureConstants();
  const fd = libc().syscall(perfEventOpen, addressOf(attributes), -1, options.cpu, -1, closeOnExec, 0);
  if (fd < 0) throw callFailed('perf_event_open', `of a ${options.type} on CPU ${options.cpu}`);
  void attributes.byteLength;
  return objectOf(fd);
};

/** Switches it on, after a program was given to it if there is one. */
export const enablePerfEvent = (event: BpfObject, programFd?: number): void => {
  if (programFd !== undefined)
    checked('ioctl', libc().ioctl(event.fd, requests.setProgram, programFd), 'giving a program to a tracepoint');
  checked('ioctl', libc().ioctl(event.fd, requests.enable, 0), 'enabling a tracepoint');
};

/** `linux/perf_event.h` */
const types = { software: 1, tracepoint: 2 } as const;
/** PERF_COUNT_SW_BPF_OUTPUT, the `config` of what programs write to. */
export const programOutput = 10;
const sampleRaw = 1n << 10n;
const watermark = 1n << 14n;
const closeOnExec = 8;
/** PERF_ATTR_SIZE_VER5, of Linux 4.1. */
const attributeBytes = 112;
const requests = { enable: 0x2400, setProgram: 0x4004_2408 } as const;
