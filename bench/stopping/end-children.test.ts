import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@parapet/testkit';
import { expect, it } from 'vitest';

const child = `
  process.on('SIGTERM', () => { require('node:fs').writeFileSync(process.argv[1], 'ended well'); process.exit(); });
  const { spawn } = require('node:child_process');
  const below = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  require('node:fs').writeFileSync(process.argv[1], String(below.pid));
  process.on('exit', () => below.kill());
  setInterval(() => {}, 1000);
`;

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a bench that is stopped by %s ends what it started, in its own way, and then itself',
  async (signal, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'end-children-'));
    const [told, bench] = [join(folder, 'told'), join(folder, 'bench.ts')];
    writeFileSync(
      bench,
      `import { spawn } from 'node:child_process';
     import { endChildrenOnSignals } from ${JSON.stringify(join(import.meta.dirname, 'end-children.ts'))};
     endChildrenOnSignals();
     const started = spawn(process.execPath, ['-e', ${JSON.stringify(child)}, ${JSON.stringify(told)}], { detached: true, stdio: 'ignore' });
     started.on('exit', () => { throw new Error('what the bench was doing fails'); });`,
    );
    const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', bench], { stdio: 'ignore' });
    const exited = once(running, 'exit');
    const text = (): string => {
      try {
        return readFileSync(told, 'utf8');
      } catch {
        return '';
      }
    };
    const below = Number(await eventually('what is below the child', async () => (text() === '' ? undefined : text())));
    running.kill(signal);
    expect(await exited).toEqual([code, null]);
    expect(text()).toBe('ended well');
    expect(stateOf(below)).not.toMatch(/^[SRD]$/);
    rmSync(folder, { recursive: true });
  },
);

/** The state letter of a process; empty when it is over. */
const stateOf = (pid: number): string => {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
};
