/** Why an upgrade did not come about, in a word that stays the same and a sentence for people. */
export type UpgradeReason =
  | 'not-installed'
  | 'architecture'
  | 'deadline'
  | 'download'
  | 'damaged'
  | 'no-space'
  | 'unpack'
  | 'self-check'
  | 'crashed'
  | 'no-connection'
  | 'console-unreachable'
  | 'interrupted'
  | 'disk';

export class UpgradeFailure extends Error {
  readonly reason: UpgradeReason;

  constructor(reason: UpgradeReason, message: string) {
    super(message);
    this.name = 'UpgradeFailure';
    this.reason = reason;
  }
}

/** A failure of any kind with its reason; a full disk is told from other trouble with it. */
export const failureOf = (error: unknown, otherwise: UpgradeReason): UpgradeFailure => {
  if (error instanceof UpgradeFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return /\b(ENOSPC|EDQUOT)\b/.test(message)
    ? new UpgradeFailure('no-space', `The disk is full: ${message}`)
    : new UpgradeFailure(otherwise, message);
};
