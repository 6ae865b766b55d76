import { type EventAction, TelemetryAccount, TelemetryEvent } from '@parapet/contract/telemetry';
import { createAccountBook } from '../account-book.ts';
import type { TelemetrySink } from '../telemetry-stream.ts';

/** A sink that keeps what collectors tell, for tests; each event and account is checked by the contract's schema. */
export type ToldTelemetry = {
  readonly sink: TelemetrySink;
  readonly events: readonly TelemetryEvent[];
  readonly accounts: readonly TelemetryAccount[];
  /** Actions that nobody wants; to be changed by the test. */
  readonly off: Set<EventAction>;
  /** Containers of which nobody wants anything. */
  readonly offContainers: Set<string>;
};

export const createToldTelemetry = (): ToldTelemetry => {
  const events: TelemetryEvent[] = [];
  const accounts: TelemetryAccount[] = [];
  const off = new Set<EventAction>();
  const offContainers = new Set<string>();
  return {
    off,
    offContainers,
    events,
    accounts,
    sink: {
      open: (collector) => {
        const book = createAccountBook(collector, Date.now());
        return {
          tell: (_kind, event) => {
            events.push(TelemetryEvent.parse(event));
            book.told(1);
          },
          wants: (action) => !off.has(action),
          wantsIn: (action, container) => !off.has(action) && !offContainers.has(container),
          lost: book.lost,
          unwanted: book.unwanted,
          account: (produced) => {
            const account = book.close(produced, Date.now());
            if (account !== undefined) accounts.push(TelemetryAccount.parse(account));
          },
        };
      },
    },
  };
};
