import nact from 'nact';

/** The only name of nact's that leaves this folder. */
export type ActorSystem = { readonly ref: nact.ActorSystemRef; stop(): void };

export const startActorSystem = (): ActorSystem => {
  const ref = nact.start();
  return { ref, stop: () => nact.stop(ref) };
};
