import nact from 'nact';

/** The only name of nact's that leaves this folder. */
export type ActorSystem = {
  readonly ref: nact.ActorSystemRef;
  readonly stopped: boolean;
  /** This pass of the event loop or the one before was a busy one: what waits for the next has company, and costs less together. */
  readonly busy: boolean;
  /** A message was told to one of its actors. */
  told(): void;
  stop(): void;
};

/** A pass of the event loop in which more messages than `busyPass` are told is a busy one: a command is three, one to its shard, one to its
 *  chat and one to the policy. */
export const startActorSystem = (busyPass = 48): ActorSystem => {
  const ref = nact.start();
  let stopped = false;
  let toldNow = 0;
  let toldBefore = 0;
  let counting = false;
  const passed = () => {
    toldBefore = toldNow;
    toldNow = 0;
    // Else the next message, whenever it comes, would still be held to come after a busy pass.
    if (toldBefore > busyPass) setImmediate(passed);
    else counting = false;
  };
  return {
    ref,
    get stopped() {
      return stopped;
    },
    get busy() {
      return toldNow > busyPass || toldBefore > busyPass;
    },
    told: () => {
      toldNow++;
      if (counting) return;
      counting = true;
      setImmediate(passed);
    },
    stop: () => {
      stopped = true;
      nact.stop(ref);
    },
  };
};
