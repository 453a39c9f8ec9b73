import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** CPU time of other processes, from /proc (Linux). */

const ticksPerSecond = 100;

/** The process that listens on a TCP port of this machine, or undefined. Sees only what this user may see. */
export const pidOfPort = (port: number): number | undefined => {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '0A' && Number.parseInt(local!.split(':')[1]!, 16) === port) inodes.add(`socket:[${inode}]`);
    }
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        if (inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`))) return Number(pid);
      }
    } catch {
      // gone, or somebody else's
    }
  }
  return undefined;
};

/** User and system time of a process, all its threads, in microseconds. */
export const cpuMicros = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
};

/** Watches named processes; `spent()` gives the CPU microseconds of each since the start. */
export const watchCpu = (pids: Readonly<Record<string, number | undefined>>) => {
  const start = Object.entries(pids).flatMap(([name, pid]) =>
    pid === undefined ? [] : [{ name, pid, from: cpuMicros(pid) }],
  );
  const spentBy = (pid: number, from: number): number | undefined => {
    try {
      return cpuMicros(pid) - from;
    } catch {
      // killed meanwhile: what it spent is not known any more
      return undefined;
    }
  };
  return { spent: () => start.map(({ name, pid, from }) => ({ name, micros: spentBy(pid, from) })) };
};
