import { viewOf } from '../netlink/message.ts';
import { statusMask } from './numbers.ts';

/** `struct audit_status` (`linux/audit.h`), as far as we use it. */
export type AuditStatus = {
  /** 0: off, 1: on, 2: on and locked until the next boot. */
  readonly enabled: number;
  /** What happens when a record is lost: nothing, a line in the kernel's log, a panic. */
  readonly failure: number;
  /** Whom records are sent to, in the pid namespace of who asks; 0 for nobody. It may have ended by now. */
  readonly pid: number;
  /** Records that may wait; 0 for any number. */
  readonly backlogLimit: number;
  /** Records that were lost since boot or since somebody set it to 0. */
  readonly lost: number;
  /** For how long a process waits, in ticks, when too many records do. */
  readonly backlogWaitTime: number;
};

/** Values to set; those left out stay as they are. */
export type AuditChange = Partial<Omit<AuditStatus, 'lost'>>;

/** `undefined` when it is shorter than Linux 4.4 makes it. */
export const decodeStatus = (payload: Uint8Array): AuditStatus | undefined => {
  if (payload.length < offsets.backlogWaitTime + 4) return undefined;
  const view = viewOf(payload);
  const at = (offset: number): number => view.getUint32(offset, true);
  return {
    enabled: at(offsets.enabled),
    failure: at(offsets.failure),
    pid: at(offsets.pid),
    backlogLimit: at(offsets.backlogLimit),
    lost: at(offsets.lost),
    backlogWaitTime: at(offsets.backlogWaitTime),
  };
};

export const encodeChange = (change: AuditChange): Uint8Array => {
  const payload = new Uint8Array(offsets.backlogWaitTime + 4);
  const view = viewOf(payload);
  let mask = 0;
  for (const name of changeable) {
    const value = change[name];
    if (value === undefined) continue;
    mask |= statusMask[name];
    view.setUint32(offsets[name], value, true);
  }
  view.setUint32(0, mask, true);
  return payload;
};

/** In bytes, behind `mask`; between them `rate_limit` @16, `backlog` @28 and `feature_bitmap` @32. */
const offsets = { enabled: 4, failure: 8, pid: 12, backlogLimit: 20, lost: 24, backlogWaitTime: 36 } as const;
const changeable = ['enabled', 'failure', 'pid', 'backlogLimit', 'backlogWaitTime'] as const;
