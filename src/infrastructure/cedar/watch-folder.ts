import { type FSWatcher, watch } from 'node:fs';

export type WatchOptions = {
  /** Nothing has happened for so long: the editor has finished. */
  readonly settledAfterMs?: number;
  /** Looks also when nothing was heard. */
  readonly lookEveryMs?: number;
};

/** Calls `look` soon after anything in the folder has changed; whether it matters is for `look` to find out. Returns what ends it.
 *
 *  `fs.watch` on the folder, not a watcher per file: a rename over a file (editors) and the swap of Kubernetes' `..data` link are both
 *  events of the folder, and `look` reads all of it anyway. What it cannot hear, a folder that is itself a link to another one now,
 *  that was made anew, or that lies on a network, is seen by looking now and then, when the folder is also watched anew. */
export const watchFolder = (
  dir: string,
  look: () => void,
  { settledAfterMs = 200, lookEveryMs = 30_000 }: WatchOptions = {},
): (() => void) => {
  let watcher: FSWatcher | undefined;
  let settling: NodeJS.Timeout | undefined;

  const heard = () => {
    clearTimeout(settling);
    settling = setTimeout(look, settledAfterMs).unref();
  };
  const listen = () => {
    watcher?.close();
    try {
      watcher = watch(dir, { persistent: false }, heard);
      watcher.on('error', () => watcher?.close());
    } catch {
      // It is not there, or the system has no more watches to give: looking now and then is left.
      watcher = undefined;
    }
  };
  listen();
  const timer = setInterval(() => {
    listen();
    look();
  }, lookEveryMs).unref();

  return () => {
    clearInterval(timer);
    clearTimeout(settling);
    watcher?.close();
  };
};
