import type { Seq } from '../ids.ts';

/** The closed list of codes (DESIGN: "Rejections carry one code"). `retryable`: the same command may succeed later, unchanged. */
export const rejectCodes = {
  CHAT_NOT_FOUND: { retryable: false },
  NOT_A_MEMBER: { retryable: false },
  FORBIDDEN: { retryable: false },
  POLICY_DENIED: { retryable: false },
  VALIDATION_FAILED: { retryable: false },
  PAYLOAD_TOO_LARGE: { retryable: false },
  RATE_LIMITED: { retryable: true },
  SLOW_MODE: { retryable: true },
  IDEMPOTENCY_KEY_REUSED: { retryable: false },
  VERSION_CONFLICT: { retryable: false },
  TARGET_NOT_FOUND: { retryable: false },
  TARGET_DELETED: { retryable: false },
  EDIT_WINDOW_CLOSED: { retryable: false },
  CHAT_LOCKED: { retryable: false },
  OVERLOADED: { retryable: true },
  STORAGE_UNAVAILABLE: { retryable: true },
  POLICY_UNAVAILABLE: { retryable: true },
  OUTCOME_UNKNOWN: { retryable: true },
  UNAUTHENTICATED: { retryable: false },
  NOT_YET: { retryable: true },
  GONE: { retryable: false },
} as const;

export type RejectCode = keyof typeof rejectCodes;

export const isRejectCode = (text: string): text is RejectCode => Object.hasOwn(rejectCodes, text);

/** Why a command had no effect. `reason` is a sentence for people. */
export type Rejection = {
  readonly code: RejectCode;
  readonly reason: string;
  /** When it is worth trying again. */
  readonly retryAfterMs?: number;
  /** Of what is not kept any more: where that begins which is. */
  readonly firstAvailableSeq?: Seq;
};

/** The sentences that the sibling services already know from the seed system. */
export const seedReasons = {
  chatNotFound: 'An invalid chat id. Such chat does not exist in the database.',
  notRelated: 'The sender and/or the recipient are not related to the specified chat.',
  duplicated: 'Duplicated client_message_id.',
} as const;
