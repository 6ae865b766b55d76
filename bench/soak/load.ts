import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createStarter } from '../telemetry/start-program.ts';
import type { Load } from './load-message.ts';

/**
 * A steady load, behind what people wait for on the processors: `node load.ts PROGRAM FOLDER STARTS CONNECTIONS FILES`, each a number a second.
 * A file is made, written, renamed and deleted. Says what it did when its parent asks, and ends.
 */
const [program = '', folder = '', starts = '100', connections = '5', files = '5'] = process.argv.slice(2);
setPriority(5);
const everyMs = 100;
const start = createStarter(program);
const done = { starts: 0, connections: 0, files: 0 };

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.end('x');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;

const talk = (): void => {
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => {
    done.connections += 1;
  });
  socket.on('error', () => socket.destroy());
  socket.resume();
};
const change = (): void => {
  const path = join(folder, `file-${done.files}`);
  writeFileSync(path, 'x');
  renameSync(path, `${path}-renamed`);
  rmSync(`${path}-renamed`);
  done.files += 1;
};

/** Does something so often a second. What was held up is caught up with, but not by more than a second at once, so that the load stays even. */
const steadily = (perSecond: number, act: () => void): void => {
  let owed = 0;
  let last = performance.now();
  timers.push(
    setInterval(() => {
      const now = performance.now();
      owed = Math.min(owed + (perSecond * (now - last)) / 1000, Math.max(1, perSecond));
      last = now;
      for (; owed >= 1; owed -= 1) act();
    }, everyMs),
  );
};
const timers: NodeJS.Timeout[] = [];
steadily(Number(starts), () => {
  if (start([String(done.starts)])) done.starts += 1;
});
steadily(Number(connections), talk);
steadily(Number(files), change);

process.once('message', () => {
  for (const timer of timers) clearInterval(timer);
  server.close();
  const load: Load = done;
  process.send?.(load, () => process.exit(0));
});
process.once('disconnect', () => process.exit(0));
