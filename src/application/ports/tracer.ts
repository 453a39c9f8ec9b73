/** One command's way through this process, when its trace is recorded. Times are of the clock's `monotonicMs`. */
export type CommandTrace = {
  /** W3C; what goes out because of this command carries it. */
  readonly traceparent: string;
  stage(name: 'wait' | 'turn' | 'store' | 'publish', fromMs: number, toMs: number): void;
  end(outcome: string, atMs: number): void;
};

/** To the implementer: undefined costs nothing and is the common answer. */
export type Tracer = {
  /** `traceparent`: what the command came with. Undefined when this trace is not recorded. */
  begin(type: string, traceparent: string | undefined, fromMs: number): CommandTrace | undefined;
};

export const noTracer: Tracer = { begin: () => undefined };
