import type { UserId } from '../ids.ts';
import { rev, seq } from '../ids.ts';
import type { ChatState } from './chat-state.ts';
import {
  type AddMember,
  type MuteMember,
  maxListedRecipients,
  maxMembers,
  type RemoveMember,
  type SetRole,
} from './command.ts';
import { accepted, entryBase, type Grounds, listRecipients, recipientsOf, rejected, type Verdict } from './verdict.ts';

type AboutMember = AddMember | RemoveMember | SetRole | MuteMember;

export const decideAboutMember = (chat: ChatState, command: AboutMember, grounds: Grounds): Verdict => {
  if (chat.kind === 'direct') return rejected('FORBIDDEN', 'The two of a direct chat stay as they are.');
  const isIn = chat.roster.has(command.userId);
  if (command.type === 'member.add') {
    if (isIn) return rejected('VALIDATION_FAILED', 'This user is a member already.');
    if (chat.roster.size >= maxMembers)
      return rejected('VALIDATION_FAILED', `A chat has ${maxMembers} members at most.`);
  } else if (!isIn) {
    return rejected('TARGET_NOT_FOUND', 'This user is not a member.');
  }
  const { access } = grounds;
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  switch (command.type) {
    case 'member.add':
      return addMember(chat, command, grounds);
    case 'member.remove':
      return removeMember(chat, command, grounds);
    case 'member.set_role':
      return setRole(chat, command, grounds);
    case 'member.mute':
      return accepted({
        ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
        type: 'member.muted',
        userId: command.userId,
        until: command.until,
      });
  }
};

const addMember = (chat: ChatState, command: AddMember, grounds: Grounds): Verdict => {
  const members = [...chat.roster.keys(), command.userId];
  const seesAll = chat.settings.history === 'full';
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, listRecipients(members)),
    type: 'member.added',
    userId: command.userId,
    role: command.role,
    fromSeq: seesAll ? seq(1) : chat.nextSeq,
    fromRev: seesAll ? rev(1) : chat.nextRev,
    becameLarge: !chat.large && members.length > maxListedRecipients ? members : null,
  });
};

const removeMember = (chat: ChatState, command: RemoveMember, grounds: Grounds): Verdict => {
  if (chat.roster.size > 1 && isLastOwner(chat, command.userId)) return rejected('FORBIDDEN', needsOwner);
  return accepted({
    // Who is removed hears of it.
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'member.removed',
    userId: command.userId,
  });
};

const setRole = (chat: ChatState, command: SetRole, grounds: Grounds): Verdict => {
  if (command.role !== 'owner' && isLastOwner(chat, command.userId)) return rejected('FORBIDDEN', needsOwner);
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'member.role_set',
    userId: command.userId,
    role: command.role,
  });
};

const needsOwner = 'A chat needs an owner: make somebody else owner first.';

const isLastOwner = ({ roster }: ChatState, id: UserId): boolean => {
  if (roster.get(id)?.role !== 'owner') return false;
  for (const [other, { role }] of roster) if (other !== id && role === 'owner') return false;
  return true;
};
