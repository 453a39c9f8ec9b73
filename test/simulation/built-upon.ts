import type { Entry, ReactionChanged } from '../../src/domain/chat/entry.ts';
import type { UserId } from '../../src/domain/ids.ts';

/** How an entry contradicts those before it in its chat's log, if it does: a decision about a message is made from all that was decided
 *  about it before, readable or not. */
export const contradicts = (before: readonly Entry[], entry: Entry): string | undefined => {
  switch (entry.type) {
    case 'message.edited':
    case 'message.deleted': {
      const edits = before.filter((one) => one.type === 'message.edited' && one.seq === entry.seq).length;
      const version = entry.type === 'message.edited' ? edits + 2 : edits + 1;
      return entry.version === version ? undefined : `version ${entry.version} where ${version} was due`;
    }
    case 'reaction.added':
    case 'reaction.removed':
      return wrongReactions(before, entry);
    default:
      return undefined;
  }
};

const wrongReactions = (before: readonly Entry[], entry: ReactionChanged): string | undefined => {
  const emojiOf = new Map<UserId, Set<string>>();
  for (const one of [...before, entry]) {
    if ((one.type !== 'reaction.added' && one.type !== 'reaction.removed') || one.seq !== entry.seq) continue;
    const own = emojiOf.get(one.senderId) ?? new Set();
    emojiOf.set(one.senderId, own);
    if (one.type === 'reaction.added') own.add(one.emoji);
    else own.delete(one.emoji);
  }
  const all = [...emojiOf.values()].flatMap((own) => [...own]);
  const counts = Object.fromEntries(all.map((emoji) => [emoji, all.filter((one) => one === emoji).length]));
  const due = [sorted(emojiOf.get(entry.senderId)!), sorted(Object.entries(counts))];
  const said = [sorted(entry.own), sorted(Object.entries(entry.counts))];
  return JSON.stringify(said) === JSON.stringify(due)
    ? undefined
    : `${JSON.stringify(said)} where ${JSON.stringify(due)} was due`;
};

const sorted = (values: Iterable<unknown>): string[] => [...values].map(String).sort();
