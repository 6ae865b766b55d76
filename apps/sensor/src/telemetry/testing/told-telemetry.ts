import { TelemetryAccount, TelemetryEvent } from '@parapet/contract/telemetry';
import { createAccountBook } from '../account-book.ts';
import type { TelemetrySink } from '../telemetry-stream.ts';

/** A sink that keeps what collectors tell, for tests; each event and account is checked by the contract's schema. */
export type ToldTelemetry = {
  readonly sink: TelemetrySink;
  readonly events: readonly TelemetryEvent[];
  readonly accounts: readonly TelemetryAccount[];
};

export const createToldTelemetry = (): ToldTelemetry => {
  const events: TelemetryEvent[] = [];
  const accounts: TelemetryAccount[] = [];
  return {
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
          wants: () => true,
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
