import type { AddMember, MuteMember, RemoveMember, SetRole } from '../../domain/chat/command.ts';
import type { Role } from '../../domain/chat/roster.ts';
import type { Micros, UserId } from '../../domain/ids.ts';
import { formatMicros } from '../../domain/time.ts';
import { commandForm, type Identity, made } from './command-form.ts';
import { instantSchema, roleSchema } from './fields.schema.ts';
import { userIdSchema, wireUserId } from './user-id.ts';

export const addMemberCommand = (
  identity: Identity,
  { userId, role = 'member' }: { readonly userId: UserId; readonly role?: Role | undefined },
): AddMember => made<AddMember>('member.add', identity, { userId, role });

export const removeMemberCommand = (identity: Identity, { userId }: { readonly userId: UserId }): RemoveMember =>
  made<RemoveMember>('member.remove', identity, { userId });

export const setRoleCommand = (
  identity: Identity,
  { userId, role }: { readonly userId: UserId; readonly role: Role },
): SetRole => made<SetRole>('member.set_role', identity, { userId, role });

export const muteMemberCommand = (
  identity: Identity,
  { userId, until }: { readonly userId: UserId; readonly until: Micros | null },
): MuteMember => made<MuteMember>('member.mute', identity, { userId, until });

const about = { user_id: userIdSchema };

export const memberForms = {
  'member.add': commandForm(
    'member.add',
    { ...about, role: roleSchema.optional().describe('`member` when it is not given.') },
    (identity, { user_id, role }) => addMemberCommand(identity, { userId: user_id, role }),
    ({ userId, role }) => ({ user_id: wireUserId(userId), role }),
  ),
  'member.remove': commandForm(
    'member.remove',
    about,
    (identity, { user_id }) => removeMemberCommand(identity, { userId: user_id }),
    ({ userId }) => ({ user_id: wireUserId(userId) }),
  ),
  'member.set_role': commandForm(
    'member.set_role',
    { ...about, role: roleSchema },
    (identity, { user_id, role }) => setRoleCommand(identity, { userId: user_id, role }),
    ({ userId, role }) => ({ user_id: wireUserId(userId), role }),
  ),
  'member.mute': commandForm(
    'member.mute',
    { ...about, until: instantSchema.nullable().describe('Null ends it.') },
    (identity, { user_id, until }) => muteMemberCommand(identity, { userId: user_id, until }),
    ({ userId, until }) => ({ user_id: wireUserId(userId), until: until === null ? null : formatMicros(until) }),
  ),
};
