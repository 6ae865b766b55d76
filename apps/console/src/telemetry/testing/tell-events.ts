import type { TelemetryAccount, TelemetryEvent } from '@parapet/contract/telemetry';
import { encodeFrame } from '@parapet/contract/wire';
import type { TelemetryFeature } from '../feature.ts';

type Frames = readonly (readonly (TelemetryEvent | TelemetryAccount)[])[];

/** Tells events of a host as its sensor would, in frames of their own, and waits until searches see them. */
export const tellEvents = async (
  telemetry: Pick<TelemetryFeature, 'port' | 'store'>,
  hostId: string,
  frames: Frames,
): Promise<void> => {
  await sendFrames(telemetry, hostId, frames);
  await telemetry.store.settle();
};

/** The same, and waits only until they are acknowledged. */
export const sendFrames = async (
  { port }: Pick<TelemetryFeature, 'port'>,
  hostId: string,
  frames: Frames,
): Promise<void> => {
  const failures: unknown[] = [];
  const stored: number[] = [];
  const { epoch, seq } = port.position(hostId);
  const intake = port.open({
    hostId,
    skewMs: () => 0,
    note: (code) => failures.push(code),
    refuse: (_code, detail) => failures.push(detail),
    flow: ({ acked }) => stored.push(acked),
    onFailed: (error) => failures.push(error),
  });
  intake.grant();
  for (const [index, lines] of frames.entries()) {
    const number = seq + index + 1;
    const texts = lines.map((line) => JSON.stringify('kind' in line ? line : { kind: 'event', event: line }));
    const header = { channel: 'telemetry', epoch: epoch === 0 ? 1 : epoch, seq: number } as const;
    intake.onFrame(
      encodeFrame({ ...header, body: Buffer.from(texts.join('\n')) }),
      { ...header, compressed: true },
      Date.now(),
    );
    while (stored.at(-1) !== number && failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  intake.close();
  if (failures.length > 0) throw new Error(`The frames were not taken: ${failures.join(', ')}`);
};
