import { rev } from '../ids.ts';
import { type ChatState, defaultSettings } from './chat-state.ts';
import { type Command, type CreateChat, maxMembers, type TrimChat, type UpdateChat } from './command.ts';
import { decideAboutMember } from './decide-member.ts';
import { decideAboutMessage, postMessage } from './decide-message.ts';
import { seedReasons } from './rejection.ts';
import { invalidSettings } from './settings.ts';
import { isSystem } from './system-sender.ts';
import { accepted, entryBase, type Grounds, listRecipients, recipientsOf, rejected, type Verdict } from './verdict.ts';

/** What a command makes of a chat. */
export const decide = (chat: ChatState | undefined, command: Command, grounds: Grounds): Verdict => {
  if (command.type === 'chat.create') return createChat(chat, command, grounds);
  if (chat === undefined) return rejected('CHAT_NOT_FOUND', seedReasons.chatNotFound);
  if (!chat.roster.has(command.senderId) && !isSystem(command.senderId))
    return rejected('NOT_A_MEMBER', seedReasons.notRelated);
  switch (command.type) {
    case 'chat.update':
      return updateChat(chat, command, grounds);
    case 'chat.trim':
      return trimChat(chat, command, grounds);
    case 'member.add':
    case 'member.remove':
    case 'member.set_role':
    case 'member.mute':
      return decideAboutMember(chat, command, grounds);
    case 'message.post':
      return postMessage(chat, command, grounds);
    default:
      return decideAboutMessage(chat, command, grounds);
  }
};

const createChat = (chat: ChatState | undefined, command: CreateChat, grounds: Grounds): Verdict => {
  const { access } = grounds;
  if (chat !== undefined) {
    if (chat.kind === 'direct' && command.kind === 'direct' && chat.roster.has(command.senderId))
      return { kind: 'exists' };
    return rejected('FORBIDDEN', 'A chat with this id exists already.');
  }
  // In the order that stores hand a roster out: what events list does not depend on where the roster came from.
  const others = command.memberIds.filter((id) => id !== command.senderId).sort();
  const invalid = invalidChat(command, others.length) ?? invalidSettings(command.settings);
  if (invalid !== undefined) return rejected('VALIDATION_FAILED', invalid);
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  const creator = { userId: command.senderId, role: 'owner' as const };
  const members = [creator, ...others.map((userId) => ({ userId, role: 'member' as const }))];
  return accepted({
    ...entryBase(command, grounds, rev(1), listRecipients(members.map((member) => member.userId))),
    type: 'chat.created',
    kind: command.kind,
    settings: { ...defaultSettings, ...command.settings },
    members,
  });
};

const invalidChat = ({ kind }: CreateChat, others: number): string | undefined => {
  if (kind === 'direct' && others > 1) return 'A direct chat has two users at most.';
  if (others + 1 > maxMembers) return `A chat has ${maxMembers} members at most.`;
  return undefined;
};

const updateChat = (chat: ChatState, command: UpdateChat, grounds: Grounds): Verdict => {
  const { access } = grounds;
  const invalid = invalidSettings(command.settings);
  if (invalid !== undefined) return rejected('VALIDATION_FAILED', invalid);
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'chat.updated',
    settings: { ...chat.settings, ...command.settings },
  });
};

const trimChat = (chat: ChatState, command: TrimChat, grounds: Grounds): Verdict => {
  const { access } = grounds;
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  const { bucket, firstSeq, firstRev } = command;
  if (firstSeq > chat.nextSeq || firstSeq < chat.firstSeq || firstRev > chat.nextRev || firstRev <= chat.firstRev)
    return rejected('VALIDATION_FAILED', 'Nothing of the chat lies between what is kept and where it was to be cut.');
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'chat.trimmed',
    bucket,
    firstSeq,
    firstRev,
  });
};
