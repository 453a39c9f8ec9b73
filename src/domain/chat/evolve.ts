import { type Micros, rev, seq, type UserId } from '../ids.ts';
import { type ChatState, noPosts } from './chat-state.ts';
import { maxListedRecipients } from './command.ts';
import type { Entry } from './entry.ts';
import { inRosterOrder, type Member, mayHide, type Roster } from './roster.ts';

/** The chat after an entry. */
export const evolve = (chat: ChatState | undefined, entry: Entry): ChatState => {
  if (entry.type === 'chat.created') {
    const founder = (role: Member['role']): Member => ({
      role,
      fromSeq: seq(1),
      fromRev: rev(1),
      mutedUntil: null,
      hides: false,
    });
    const [owner, member] = [founder('owner'), founder('member')];
    return {
      id: entry.chatId,
      kind: entry.kind,
      creatorId: entry.senderId,
      settings: entry.settings,
      roster: new Map(entry.members.map(({ userId, role }) => [userId, role === 'owner' ? owner : member])),
      nextSeq: seq(1),
      nextRev: rev(entry.rev + 1),
      firstSeq: seq(1),
      firstRev: rev(1),
      large: entry.members.length > maxListedRecipients,
      lastPostAt: noPosts,
    };
  }
  if (chat === undefined) throw new Error(`an entry without its chat: ${entry.chatId}/${entry.rev}`);
  const nextRev = rev(entry.rev + 1);
  // Nearly all of them; the general way copies twice.
  if (entry.type === 'message.posted' && chat.settings.slowModeMs === 0)
    return { ...chat, nextSeq: seq(entry.seq + 1), nextRev };
  return { ...chat, ...changes(chat, entry), nextRev };
};

const changes = (chat: ChatState, entry: Exclude<Entry, { type: 'chat.created' }>): Partial<ChatState> => {
  switch (entry.type) {
    case 'message.posted':
      return { nextSeq: seq(entry.seq + 1), lastPostAt: lastPosts(chat, entry.senderId, entry.at) };
    case 'chat.updated':
      return { settings: entry.settings };
    case 'chat.trimmed':
      return { firstSeq: entry.firstSeq, firstRev: entry.firstRev };
    case 'member.added': {
      const { userId, role, fromSeq, fromRev } = entry;
      const member: Member = { role, fromSeq, fromRev, mutedUntil: null, hides: mayHide(entry) };
      return { roster: withMember(chat, userId, member), large: chat.large || entry.becameLarge !== null };
    }
    case 'member.removed':
      return { roster: new Map([...chat.roster].filter(([id]) => id !== entry.userId)) };
    case 'member.role_set':
      return { roster: withMember(chat, entry.userId, { role: entry.role }) };
    case 'member.muted':
      return { roster: withMember(chat, entry.userId, { mutedUntil: entry.until }) };
    case 'message.deleted':
      return entry.scope === 'me' && chat.roster.get(entry.senderId)?.hides === false
        ? { roster: withMember(chat, entry.senderId, { hides: true }) }
        : {};
    default:
      return {};
  }
};

/** A new member takes the place that a store would give it. */
const withMember = ({ roster, creatorId }: ChatState, id: UserId, change: Partial<Member>): Roster => {
  const known = roster.get(id);
  if (known !== undefined) return new Map(roster).set(id, { ...known, ...change });
  const compare = inRosterOrder(creatorId);
  return new Map([...roster, [id, change as Member] as const].sort(([a], [b]) => compare(a, b)));
};

/** Those who wait no longer are forgotten. */
const lastPosts = ({ settings, lastPostAt }: ChatState, sender: UserId, at: Micros): ReadonlyMap<UserId, Micros> => {
  const since = at - settings.slowModeMs * 1000;
  const kept = [...lastPostAt].filter(([id, last]) => last > since && id !== sender);
  return new Map([...kept, [sender, at]]);
};
