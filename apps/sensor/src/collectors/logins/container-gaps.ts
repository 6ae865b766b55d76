import type { BlindSpan, CollectorContext } from '../collector.ts';

/**
 * Tells what of a container's logs was gone before it was read. Its owner can make that happen at every look, so what follows within a
 * minute is the same span, and few have one of their own.
 */
export type ContainerGaps = {
  readonly note: (name: string, cause: string, since: number) => void;
  /** Ends spans that are over; now and then. */
  readonly settle: () => void;
  readonly close: () => void;
};

const quietMs = 60_000;
const maxOwn = 32;
const maxName = 80;
const others = 'Logs of several containers were gone before they were read.';

export const createContainerGaps = (context: Pick<CollectorContext, 'blind' | 'clock'>): ContainerGaps => {
  const open = new Map<string, { readonly span: BlindSpan; lastAt: number }>();
  const end = (cause: string, { span, lastAt }: { readonly span: BlindSpan; readonly lastAt: number }): void => {
    open.delete(cause);
    span.end(lastAt);
  };
  return {
    note: (name, cause, since) => {
      const own = `Container ${name.slice(0, maxName)}: ${cause}`;
      const key = open.has(own) || open.size < maxOwn ? own : others;
      const now = context.clock.now();
      const before = open.get(key);
      if (before === undefined) open.set(key, { span: context.blind(key, Math.min(since, now)), lastAt: now });
      else before.lastAt = now;
    },
    settle: () => {
      const now = context.clock.now();
      for (const [cause, gap] of open) if (now - gap.lastAt >= quietMs || now < gap.lastAt) end(cause, gap);
    },
    close: () => {
      for (const [cause, gap] of open) end(cause, gap);
    },
  };
};
