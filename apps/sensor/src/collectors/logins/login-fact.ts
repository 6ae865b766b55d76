/** What a source of logins says: who came, went, or was refused. */
export type LoginFact = {
  readonly action: 'login' | 'logout';
  readonly outcome: 'success' | 'failure' | undefined;
  /** What let in, or did not: `sshd`, `sudo`, `login`; records of wtmp do not say. */
  readonly service?: string | undefined;
  readonly method?: string | undefined;
  /** Whose rights were asked for. */
  readonly user?: string | undefined;
  /** Who asked for them, already signed in: of sudo and su. */
  readonly by?: string | undefined;
  readonly address?: string | undefined;
  /** A name instead of an address; whoever owns the address chooses it. */
  readonly domain?: string | undefined;
  readonly port?: number | undefined;
  readonly terminal?: string | undefined;
  /** Fingerprint of the key that let in. */
  readonly key?: string | undefined;
  readonly reason?: string | undefined;
  /** The command of sudo and where it ran; not yet masked. */
  readonly command?: string | undefined;
  readonly folder?: string | undefined;
  readonly pid?: number | undefined;
  /** How often the same happened: loggers write repeated lines once. */
  readonly times?: number;
  /** Since when, of who goes. */
  readonly sinceUs?: number;
};

/**
 * What makes it true. `record`: a file that only programs of the system may write. `journal`: journald says that a process of root
 * wrote the line. `text`: a line of a log into which every user of the host may write what he likes. `forged`: a line that says it comes from a
 * program of root and, as journald knows, does not. `container`: a file of a container, in which whoever has it writes what he likes.
 */
export type LoginEvidence = 'record' | 'journal' | 'text' | 'forged' | 'container';
