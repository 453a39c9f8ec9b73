import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, never for a time. The label says what did not happen. */
export const until = async (
  label: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms: ${label}`);
    await sleep(2);
  }
};
