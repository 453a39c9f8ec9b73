/** Preloaded into an instance (--import): its wall clock is CLOCK_SHIFT_MS off. The monotonic clock stays. */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const trueNow = Date.now;
const now = () => trueNow() + shiftMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new Date(now()).toString(),
});
Date.now = now;

export {};
