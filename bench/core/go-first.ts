import os from 'node:os';

/** A generator before the processes that share the cores with it: what it sends or sees late would count as theirs. Only root may. */
export const goFirst = (pid = process.pid): void => {
  try {
    os.setPriority(pid, -10);
  } catch {
    // It may starve, and then says so, or its rounds differ too much.
  }
};
