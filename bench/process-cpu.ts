import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** CPU time of other processes, and what the host takes of it, from /proc (Linux). */

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

/** Of the processors' time between two texts of /proc/stat the share that the host gave to others though somebody here wanted it ("steal"). 0 where
 *  it is below three ticks, which says nothing, and where there is no host. */
export const stolenShare = (before: string, after: string): number => {
  const ticksOf = (text: string) => {
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in user, too
    const ticks = /^cpu +(.*)/.exec(text)![1]!.split(' ').slice(0, 8).map(Number);
    return { stolen: ticks[7]!, all: ticks.reduce((sum, each) => sum + each) };
  };
  const [from, to] = [ticksOf(before), ticksOf(after)];
  const stolen = to.stolen - from.stolen;
  return stolen < 3 ? 0 : stolen / (to.all - from.all);
};

/** Gives the stolen share since the call. */
export const watchStolen = (): (() => number) => {
  const read = () => readFileSync('/proc/stat', 'utf8');
  const before = read();
  return () => stolenShare(before, read());
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
