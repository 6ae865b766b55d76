import { readStreamBounded } from '@parapet/core';

const keyBytes = 4096;
const patienceMs = 10_000;

/**
 * An enrolment key from standard input, for when the environment holds none: its first line. `undefined` when there is
 * nothing to read. On a terminal it asks for it.
 */
export const readKeyFromInput = async (
  input: NodeJS.ReadStream,
  ask: (text: string) => void,
): Promise<string | undefined> => {
  if (input.isTTY === true) ask('Enrolment key: ');
  const timer = input.isTTY === true ? undefined : setTimeout(() => input.destroy(), patienceMs);
  try {
    const read = await readStreamBounded(firstLine(input), keyBytes);
    const key = read.ok ? read.value.toString('utf8').split('\n', 1)[0]?.trim() : undefined;
    return key === '' ? undefined : key;
  } catch {
    // Closed, or silent for too long: then there is no key here.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
};

async function* firstLine(input: NodeJS.ReadStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array);
    yield bytes;
    if (bytes.includes(0x0a)) return;
  }
}
