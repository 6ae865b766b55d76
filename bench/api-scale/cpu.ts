import { readFileSync } from 'node:fs';

/** Milliseconds on a processor: of this process, and of the database server with the backends it has now. */
export const cpuMs = (postgresPid: number): number => {
  const own = process.cpuUsage();
  return (own.user + own.system) / 1000 + databaseCpuMs(postgresPid);
};

export const databaseCpuMs = (postgresPid: number): number => {
  const children = readFileSync(`/proc/${postgresPid}/task/${postgresPid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce((sum, pid) => sum + runtimeMs(pid), 0);
};

/** The scheduler's own account, finer than clock ticks. A backend that ended meanwhile counts nothing. */
const runtimeMs = (pid: string): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
};
