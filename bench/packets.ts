import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCapture } from './telemetry/capture.ts';

/**
 * Small datagrams through a pair of devices into a network namespace, past the sensor's programs in the kernel: `--rate` a second
 * (200,000) for `--seconds` (10), every thousandth of them besides a DNS question that must be told with its answer. The sensor reads no packets:
 * its programs look at each where it is sent and received, so what could be lost are records of theirs. CPU is that of the sensor's way of
 * events alone, and beside it that of its programs, which the kernel counts while `kernel.bpf_stats_enabled` is on; needs root.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '200000' }, seconds: { type: 'string', default: '10' } },
  });
  const stack = new AsyncDisposableStack();
  await using _all = stack;
  const wasCounted = readFileSync(statisticsPath, 'latin1');
  writeFileSync(statisticsPath, '1');
  stack.defer(() => writeFileSync(statisticsPath, wasCounted));
  execFileSync('ip', ['netns', 'add', namespace]);
  stack.defer(() => {
    execFileSync('ip', ['netns', 'delete', namespace]);
  });
  const inside = (...command: readonly string[]): readonly string[] => ['netns', 'exec', namespace, ...command];
  execFileSync('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'inside', 'netns', namespace]);
  execFileSync('ip', ['address', 'add', '198.18.0.1/30', 'dev', device]);
  execFileSync('ip', ['link', 'set', device, 'up']);
  execFileSync('ip', inside('ip', 'address', 'add', '198.18.0.2/30', 'dev', 'inside'));
  execFileSync('ip', inside('ip', 'link', 'set', 'inside', 'up'));

  const sensor = await startCapture();
  stack.defer(sensor.kill);
  const sink = fork(here('packet-sink.ts'), [], {
    execPath: '/bin/sh',
    execArgv: ['-c', `exec ip netns exec ${namespace} ${process.execPath} ${quiet} "$0"`],
  });
  stack.defer(() => void sink.kill('SIGKILL'));
  await once(sink, 'message');

  const restMs = cpuMsOf(sensor.pid);
  await sleep(restSeconds * 1000);
  const before = { cpuMs: cpuMsOf(sensor.pid), programs: programTimes(sensor.pid), packets: transmitted() };
  const sender = fork(here('packet-sender.ts'), ['198.18.0.2', values.rate, values.seconds], { execArgv: [quiet] });
  const [made] = (await once(sender, 'message')) as [{ sent: number; asked: number; refused: number; tookMs: number }];
  await sleep(500);
  const cpuMs = cpuMsOf(sensor.pid) - before.cpuMs;
  const packets = transmitted() - before.packets;
  const programs = programTimes(sensor.pid) - before.programs;
  const captured = await sensor.finish();
  const lost = captured.accounts.flatMap((account) => account.lost).reduce((sum, { count }) => sum + count, 0);
  return {
    sent: made.sent,
    sentPerSecond: Math.round((made.sent / made.tookMs) * 1000),
    refused: made.refused,
    passedTheDevice: packets,
    asked: made.asked,
    askedAndTold: captured.asked,
    lostCounted: lost,
    sensorCpuMsPer1000: round((cpuMs / made.sent) * 1000),
    sensorCpuCores: round(cpuMs / made.tookMs),
    sensorCpuCoresBefore: round((before.cpuMs - restMs) / (restSeconds * 1000)),
    programsNsPerPacket: Math.round(programs / made.sent),
    programsCores: round(programs / 1e6 / made.tookMs),
    rssMBMax: round(captured.rssMbMax),
  };
};

/** What else happens on the machine costs the sensor as much without our packets. */
const restSeconds = 3;
const namespace = 'parapet-packets';
const device = 'parapet-pkt';
const statisticsPath = '/proc/sys/kernel/bpf_stats_enabled';
const quiet = '--disable-warning=ExperimentalWarning';
const here = (file: string): string => join(import.meta.dirname, 'telemetry', file);

const transmitted = (): number => Number(readFileSync(`/sys/class/net/${device}/statistics/tx_packets`, 'latin1'));

/** User and system time of a process, in steps of 10 ms. */
const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** Nanoseconds that all programs of a process have run, as the kernel counts it. */
const programTimes = (pid: number): number =>
  readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) => /^run_time_ns:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1])
    .reduce((sum, time) => sum + Number(time ?? 0), 0);

const round = (value: number): number => Math.round(value * 1000) / 1000;
