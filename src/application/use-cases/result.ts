import type { Rejection } from '../../domain/chat/rejection.ts';

/** An expected "no". Technical failures are thrown: `Unavailable` here, `SendFailed` from the sender. */
export type Refused = { readonly kind: 'rejected'; readonly rejection: Rejection };

export const refused = (rejection: Rejection): Refused => ({ kind: 'rejected', rejection });

/** Of an unknown chat and of somebody else's: a stranger cannot tell them apart. */
export const noSuchChat: Rejection = {
  code: 'CHAT_NOT_FOUND',
  reason: 'There is no such chat, or you are not in it.',
};

/** A dependency did not answer. Transient: the same request may succeed later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly code: 'STORAGE_UNAVAILABLE' | 'POLICY_UNAVAILABLE' | 'OUTCOME_UNKNOWN';
  constructor(code: Unavailable['code'], options: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

/** Waits for `work`; a failure of it is thrown as Unavailable with `code` and the failure as its cause. */
export const orUnavailable = async <T>(code: Unavailable['code'], work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw new Unavailable(code, { cause });
  }
};
