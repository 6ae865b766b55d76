import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { channels } from '@parapet/contract/wire';
import { z } from 'zod';

const Frames = z.array(z.object({ channel: z.enum(channels), kinds: z.array(z.string()), base64: z.base64() }));

/**
 * What both ends of a released version said, byte for byte, about one invented host: never changed once it is released, so
 * that a console and a sensor can prove that they still understand it. A release adds a file.
 */
const ReleasedFrames = z.object({
  version: z.string(),
  /** When the frames were said, in milliseconds since the Unix epoch. */
  sentAt: z.number(),
  hostname: z.string(),
  /** The task that the console sends and the sensor answers with a document. */
  taskId: z.string(),
  transferId: z.string(),
  /** The document as sent. */
  sbom: z.unknown(),
  sensor: Frames,
  console: Frames,
});
export type ReleasedFrames = z.infer<typeof ReleasedFrames>;

const folder = join(import.meta.dirname, '..', 'fixtures', 'wire');

/** The frames of each released version, oldest first. */
export const readReleasedFrames = (): readonly ReleasedFrames[] =>
  readdirSync(folder)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => ReleasedFrames.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
