type ChatCounts = { readonly chat_id: string; readonly erased: number; readonly already_erased: number };
type Failure = { readonly chat_id: string; readonly code: string; readonly reason: string };

/** What the service answers to one step; see erasure-json.ts. */
export type ErasureStepJson = {
  readonly done: boolean;
  readonly next: string | null;
  readonly chats: readonly ChatCounts[];
  readonly failed: readonly Failure[];
};

/** What an operator files, and what the next run goes on from. */
export type ErasureReport = ErasureStepJson & {
  readonly user_id: string;
  readonly all_chats: boolean;
  readonly began_at: string;
  /** Of the latest step; of the whole erasure once it is done. */
  readonly ended_at: string;
  readonly steps: number;
  readonly erased: number;
  readonly already_erased: number;
  /** The last step takes it away. */
  readonly profile_forgotten: boolean;
};

export const newReport = (userId: string, allChats: boolean, now: Date): ErasureReport => ({
  user_id: userId,
  all_chats: allChats,
  began_at: now.toISOString(),
  ended_at: now.toISOString(),
  steps: 0,
  done: false,
  next: null,
  erased: 0,
  already_erased: 0,
  profile_forgotten: false,
  chats: [],
  failed: [],
});

export const addStep = (report: ErasureReport, step: ErasureStepJson, now: Date): ErasureReport => {
  const chats = new Map(report.chats.map((chat) => [chat.chat_id, chat]));
  for (const { chat_id, erased, already_erased } of step.chats) {
    const before = chats.get(chat_id) ?? { erased: 0, already_erased: 0 };
    chats.set(chat_id, {
      chat_id,
      erased: before.erased + erased,
      already_erased: before.already_erased + already_erased,
    });
  }
  const all = [...chats.values()];
  return {
    ...report,
    ended_at: now.toISOString(),
    steps: report.steps + 1,
    done: step.done,
    next: step.next,
    erased: all.reduce((sum, { erased }) => sum + erased, 0),
    already_erased: all.reduce((sum, { already_erased }) => sum + already_erased, 0),
    profile_forgotten: step.done,
    chats: all,
    failed: [...report.failed, ...step.failed],
  };
};

/** Undefined when the text is no report. */
export const readReport = (text: string): ErasureReport | undefined => {
  try {
    const found = JSON.parse(text) as Partial<ErasureReport> | null;
    const isReport =
      typeof found?.user_id === 'string' && typeof found.done === 'boolean' && Array.isArray(found.chats);
    return isReport ? (found as ErasureReport) : undefined;
  } catch {
    return undefined;
  }
};
