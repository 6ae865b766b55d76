import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TelemetryAccount, TelemetryLine } from '@parapet/contract/telemetry';
import { decodeFrame } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { createExecutableHashes } from '../../apps/sensor/src/collectors/activity/executable-hashes.ts';
import { createHashProgram } from '../../apps/sensor/src/collectors/activity/hash-program.ts';
import { createActivityCollector } from '../../apps/sensor/src/collectors/activity/index.ts';
import { programRoots } from '../../apps/sensor/src/collectors/activity/program-roots.ts';
import { createWorkloadDirectory } from '../../apps/sensor/src/collectors/workload-directory-store.ts';
import { AuditState, createAuditMemory } from '../../apps/sensor/src/kernel-watch/audit-memory.ts';
import { eventSources, leftOut } from '../../apps/sensor/src/kernel-watch/event-source.ts';
import { createKernelWatch } from '../../apps/sensor/src/kernel-watch/kernel-watch.ts';
import { createStartTellers } from '../../apps/sensor/src/kernel-watch/start-tellers.ts';
import { silentLog } from '../../apps/sensor/src/log.ts';
import { readBootId } from '../../apps/sensor/src/proc/host-times.ts';
import { createStateFile } from '../../apps/sensor/src/state/state-files.ts';
import { createCompletion } from '../../apps/sensor/src/telemetry/completion.ts';
import { defaultSpoolLimits, openSpool } from '../../apps/sensor/src/telemetry/spool/spool.ts';
import { createTelemetryStream } from '../../apps/sensor/src/telemetry/telemetry-stream.ts';
import { askedDomain, marker } from './marker.ts';

/**
 * The sensor's way of an event by itself, in a process with the sensor's own flags: kernel, collector, stream, spool. Ends when its
 * parent says so; what it then finds in the spool is what a console would have been sent.
 */
export type Captured = {
  readonly starts: number;
  readonly withArguments: number;
  readonly doubled: number;
  /** Starts of the whole host that were told without their arguments. */
  readonly unread: number;
  /** Different names below `askedDomain` of which a question was told with its answer. */
  readonly asked: number;
  readonly events: number;
  readonly accounts: readonly TelemetryAccount[];
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly rssMbMax: number;
};

const [queueEvents = '20000', spoolBytes = String(defaultSpoolLimits.bytes), stallMs = '0', eventSource] =
  process.argv.slice(2);
const first = eventSources.find((name) => name === eventSource) ?? 'ebpf';
const folder = mkdtempSync(join(tmpdir(), 'parapet-capture-'));
const spool = () =>
  openSpool({ folder, clock: systemClock, limits: { ...defaultSpoolLimits, bytes: Number(spoolBytes) } });
const workloads = createWorkloadDirectory();
const hashes = createExecutableHashes({
  hash: createHashProgram(programRoots({ procPath: '/proc', rootPath: '/', workloads })),
});
const stream = createTelemetryStream({
  clock: systemClock,
  complete: createCompletion(workloads, hashes),
  openSpool: spool,
  queueEvents: Number(queueEvents),
});
// For whoever must put back by hand what a run left that was killed.
const memory = createAuditMemory({
  ...{ procPath: '/proc', bootId: readBootId('/proc') },
  file: createStateFile(folder, 'audit.json', AuditState),
});
let unread = 0;
const running = await createActivityCollector(
  createKernelWatch({ cpuCores: undefined, ...(first === 'ebpf' ? {} : { open: leftOut }) }),
  hashes,
  workloads.endLife,
  createStartTellers(first, {
    ...{ rootPath: '/', procPath: '/proc', memory },
    sharing: first === 'audit' ? 'unused' : 'off',
  }),
).start({
  inventory: { put: () => {}, end: () => {}, has: () => false },
  telemetry: stream,
  workloads,
  clock: systemClock,
  log: silentLog,
  bootId: '',
  isRoot: true,
  procPath: '/proc',
  report: ({ state, reason }) =>
    process.send?.(state === 'running' || (state === 'degraded' && first !== 'ebpf') ? 'ready' : `refused: ${reason}`),
  lose: ({ cause, count }) => {
    unread += cause === 'arguments of a start' ? count : 0;
  },
  blind: () => ({ end: () => {} }),
  signal: new AbortController().signal,
});

const rssKb = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0);
let rssMax = rssKb();
setInterval(() => {
  rssMax = Math.max(rssMax, rssKb());
}, 250).unref();
if (Number(stallMs) > 0)
  // An overload that nobody can work through: the kernel's ring fills while nothing reads it.
  setInterval(() => {
    const until = performance.now() + Number(stallMs);
    while (performance.now() < until);
  }, 1000).unref();
const before = process.cpuUsage();

process.once('message', () => {
  void finish();
});

const finish = async (): Promise<void> => {
  const { user, system } = process.cpuUsage(before);
  const usage = { cpuMs: (user + system) / 1000, rssMb: rssKb() / 1024, rssMbMax: rssMax / 1024 };
  await running.stop();
  await stream.close();
  const captured = { ...readBack(), ...usage, unread } satisfies Captured;
  rmSync(folder, { recursive: true, force: true });
  process.send?.(captured, () => process.exit(0));
};

const readBack = (): Omit<Captured, 'unread' | 'cpuMs' | 'rssMb' | 'rssMbMax'> => {
  const found = spool();
  found.resume({ epoch: 0, seq: 0 });
  const seen = new Set<string>();
  const last = new Map<string, TelemetryAccount>();
  let withArguments = 0;
  let doubled = 0;
  const asked = new Set<string>();
  let events = 0;
  for (let data = found.next(); data !== undefined; data = found.next()) {
    const frame = decodeFrame(data);
    if (!frame.ok) throw new Error(frame.error.message);
    for (const text of frame.value.body.toString().split('\n')) {
      const line = TelemetryLine.parse(JSON.parse(text));
      if (line.kind === 'account') {
        last.set(`${line.collector} ${line.since}`, line);
        continue;
      }
      events += 1;
      const name = line.event['dns.question.name'];
      if (name?.endsWith(`.${askedDomain}`) === true && line.event['dns.response_code'] !== undefined) asked.add(name);
      const args = line.event['process.args'];
      if (line.event['event.action'] !== 'exec' || args?.[1] !== marker) continue;
      const number = args[2] ?? '';
      if (seen.has(number)) doubled += 1;
      seen.add(number);
      if (args.length === 4 && args[3] === `--last=${number}`) withArguments += 1;
    }
  }
  return { starts: seen.size, withArguments, doubled, asked: asked.size, events, accounts: [...last.values()] };
};
