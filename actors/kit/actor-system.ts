import nact from 'nact';

/** The only name of nact's that leaves this folder. */
export type ActorSystem = { readonly ref: nact.ActorSystemRef; readonly stopped: boolean; stop(): void };

export const startActorSystem = (): ActorSystem => {
  const ref = nact.start();
  let stopped = false;
  return {
    ref,
    get stopped() {
      return stopped;
    },
    stop: () => {
      stopped = true;
      nact.stop(ref);
    },
  };
};
