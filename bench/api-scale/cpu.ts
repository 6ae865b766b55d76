import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds on a processor: of this process, of its children (events are searched in one), and of the database's backends it has now. */
export const cpuMs = (postgresPid: number): number => {
  const own = process.cpuUsage();
  return (own.user + own.system) / 1000 + childrenCpuMs(process.pid) + databaseCpuMs(postgresPid);
};

export const databaseCpuMs = (postgresPid: number): number => childrenCpuMs(postgresPid);

const childrenCpuMs = (parent: number): number => {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce((sum, pid) => sum + runtimeMs(pid), 0);
};

/** The scheduler's own account of all threads, finer than clock ticks. A process that ended meanwhile counts nothing. */
const runtimeMs = (pid: string): number => {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce(
      (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );
  } catch {
    return 0;
  }
};
