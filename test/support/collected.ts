import { setImmediate as macrotask } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collect = runInNewContext('gc') as () => void;

/** Whether nothing points to it any more. Whoever makes it must do so in a function that has returned. */
export const isCollected = async (ref: WeakRef<object>): Promise<boolean> => {
  await macrotask(); // whoever asks a WeakRef keeps what it gave until the task ends
  collect();
  return ref.deref() === undefined;
};
