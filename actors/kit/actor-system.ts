import nact from 'nact';
import { Passes, type PassLimits } from './passes.ts';

/** The only name of nact's that leaves this folder. */
export type ActorSystem = {
  readonly ref: nact.ActorSystemRef;
  readonly passes: Passes;
  readonly stopped: boolean;
  stop(): void;
};

export const startActorSystem = (limits: PassLimits = {}): ActorSystem => {
  const ref = nact.start();
  let stopped = false;
  return {
    ref,
    passes: new Passes(limits),
    get stopped() {
      return stopped;
    },
    stop: () => {
      stopped = true;
      nact.stop(ref);
    },
  };
};
