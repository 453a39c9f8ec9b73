import { z } from 'zod';
import type { ChatKind, ChatSettings } from '../../domain/chat/chat-state.ts';
import type { CreateChat, TrimChat, UpdateChat } from '../../domain/chat/command.ts';
import { systemSender } from '../../domain/chat/system-sender.ts';
import { type ChatId, clientMessageId, type Rev, type Seq, type UserId } from '../../domain/ids.ts';
import { commandForm, type Identity, made } from './command-form.ts';
import { revSchema, seqSchema, settingsFields } from './fields.schema.ts';
import { userIdSchema, wireUserId } from './user-id.ts';

export type SettingsJson = {
  readonly title?: string | null | undefined;
  readonly closed?: boolean | undefined;
  readonly slow_mode_ms?: number | undefined;
  readonly history?: ChatSettings['history'] | undefined;
  readonly retention_days?: number | null | undefined;
};

/** Those that are named, always in the same order: they go into the fingerprint. */
const named = ({
  title,
  closed,
  slowModeMs,
  history,
  retentionDays,
}: Partial<ChatSettings>): Partial<ChatSettings> => ({
  ...(title !== undefined && { title }),
  ...(closed !== undefined && { closed }),
  ...(slowModeMs !== undefined && { slowModeMs }),
  ...(history !== undefined && { history }),
  ...(retentionDays !== undefined && { retentionDays }),
});

export const settingsOf = ({ title, closed, slow_mode_ms, history, retention_days }: SettingsJson) =>
  named({
    title,
    closed,
    slowModeMs: slow_mode_ms,
    history,
    retentionDays: retention_days,
  } as Partial<ChatSettings>);

export const settingsJson = (settings: Partial<ChatSettings>): SettingsJson => ({
  title: settings.title,
  closed: settings.closed,
  slow_mode_ms: settings.slowModeMs,
  history: settings.history,
  retention_days: settings.retentionDays,
});

export const createChatCommand = (
  identity: Identity,
  content: {
    readonly kind: ChatKind;
    /** A chat begins open. */
    readonly settings?: Partial<Omit<ChatSettings, 'closed'>>;
    readonly memberIds: readonly UserId[];
  },
): CreateChat => {
  const { title, slowModeMs, history, retentionDays } = content.settings ?? {};
  // Null is what a new chat has anyway.
  const settings = named({
    ...(slowModeMs !== undefined && { slowModeMs }),
    ...(history !== undefined && { history }),
    ...(title != null && { title }),
    ...(retentionDays != null && { retentionDays }),
  });
  const memberIds = [...new Set(content.memberIds)];
  const asked = [content.kind, settings, [...memberIds].sort()];
  return made<CreateChat>('chat.create', identity, { kind: content.kind, settings, memberIds }, asked);
};

export const updateChatCommand = (identity: Identity, settings: Partial<ChatSettings>): UpdateChat =>
  made<UpdateChat>('chat.update', identity, { settings: named(settings) });

export const trimChatCommand = (
  identity: Identity,
  { bucket, firstSeq, firstRev }: { readonly bucket: number; readonly firstSeq: Seq; readonly firstRev: Rev },
): TrimChat => made<TrimChat>('chat.trim', identity, { bucket, firstSeq, firstRev });

/** The sweep's, for one bucket always the same: whoever sends it, and however often, it is done once. */
export const retentionTrim = (
  chatId: ChatId,
  cut: { readonly bucket: number; readonly firstSeq: Seq; readonly firstRev: Rev },
): TrimChat =>
  trimChatCommand({ chatId, senderId: systemSender, clientMessageId: clientMessageId(`retention-${cut.bucket}`) }, cut);

const update = commandForm(
  'chat.update',
  { ...settingsFields, closed: z.boolean().optional().describe('Nobody but owners and admins writes.') },
  (identity, json) => updateChatCommand(identity, settingsOf(json)),
  ({ settings }) => settingsJson(settings),
);

export const chatForms = {
  'chat.create': commandForm(
    'chat.create',
    {
      kind: z.enum(['direct', 'group']),
      member_ids: z.array(userIdSchema).describe('The creator is a member, listed or not.'),
      ...settingsFields,
    },
    (identity, json) =>
      createChatCommand(identity, { kind: json.kind, settings: settingsOf(json), memberIds: json.member_ids }),
    ({ kind, memberIds, settings }) => ({ kind, member_ids: memberIds.map(wireUserId), ...settingsJson(settings) }),
  ),
  'chat.update': {
    ...update,
    schema: update.schema
      .refine((json) => Object.keys(settingsOf(json)).length > 0, 'no setting is named')
      .describe('At least one setting; those that are not named stay as they are.'),
  },
  'chat.trim': commandForm(
    'chat.trim',
    { bucket: z.int().min(0), first_seq: seqSchema, first_rev: revSchema },
    (identity, json) =>
      trimChatCommand(identity, { bucket: json.bucket, firstSeq: json.first_seq, firstRev: json.first_rev }),
    ({ bucket, firstSeq, firstRev }) => ({ bucket, first_seq: firstSeq, first_rev: firstRev }),
  ),
};
