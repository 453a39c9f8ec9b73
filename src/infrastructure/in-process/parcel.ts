import type { ReplyAddress } from '../../application/ports/command-consumer.ts';

/** A command on its way, as bytes: the in-process broker reads and writes the same wire form as the other one. */
export type Parcel = {
  readonly body: Uint8Array;
  readonly traceparent: string | undefined;
  readonly replyTo: ReplyAddress | undefined;
  readonly redelivered: boolean;
};
