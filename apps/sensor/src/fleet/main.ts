import { messageOf, parseJson } from '@parapet/core';
import { startFleet } from './fleet.ts';
import { FleetOrder, FleetSettings } from './settings.ts';

/** A process of simulated sensors: settings as one JSON argument, status over the channel every second, ends with its parent. */
const settings = parseJson(process.argv[2] ?? '', FleetSettings);
if (!settings.ok) {
  process.stderr.write(`The settings of the fleet are wrong: ${settings.error.message} ${settings.error.at ?? ''}\n`);
  process.exit(2);
}
const fleet = startFleet(settings.value);

const tell = (): void => {
  // Should the parent be gone, `disconnect` says so.
  if (process.connected) process.send?.(fleet.status(), () => undefined);
};
setInterval(tell, 1000);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  fleet.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`The fleet did not stop cleanly: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
};
process.on('message', (raw) => {
  const order = FleetOrder.safeParse(raw);
  if (!order.success) return;
  if (order.data.kind === 'hush') fleet.hush();
  else stop();
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
