import { spawn } from 'node:child_process';

export type ExecOutcome = {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** True when output was cut at the limit or the time limit ended the process. */
  readonly cut: boolean;
};

export type ExecOptions = {
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
};

/** Runs a program by its argument vector, never through a shell, with limits on time (30 s) and output (8 MiB). Rejects only when it cannot be started. */
export const execArgv = (argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecOutcome> =>
  new Promise((resolve, reject) => {
    const [file, ...args] = argv;
    const limit = options.maxOutputBytes ?? 8 * 1024 * 1024;
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      cwd: options.cwd,
    });
    let cut = false;
    const collect = (): { push: (chunk: Buffer) => void; text: () => string } => {
      const chunks: Buffer[] = [];
      let total = 0;
      return {
        push: (chunk) => {
          total += chunk.length;
          if (total <= limit) chunks.push(chunk);
          else {
            cut = true;
            child.kill('SIGKILL');
          }
        },
        text: () => Buffer.concat(chunks).toString('utf8'),
      };
    };
    const stdout = collect();
    const stderr = collect();
    const timer = setTimeout(() => {
      cut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 30_000);
    child.stdout.on('data', stdout.push);
    child.stderr.on('data', stderr.push);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        exitCode: code ?? undefined,
        signal: signal ?? undefined,
        stdout: stdout.text(),
        stderr: stderr.text(),
        cut,
      });
    });
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(options.input ?? '');
  });
