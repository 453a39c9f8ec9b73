import fc from 'fast-check';
import type { Command } from '../../../src/domain/chat/command.ts';
import { systemSender } from '../../../src/domain/chat/system-sender.ts';
import { chatId, clientMessageId, micros, rev, seq, userId } from '../../../src/domain/ids.ts';
import type { Identity } from '../../../src/interface-adapters/amqp/command-form.ts';
import * as make from '../../../src/interface-adapters/amqp/command-json.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const someText = text.filter((one) => one !== '');
const users = fc.oneof(fc.integer().map(String), fc.stringMatching(/^[\x21-\x7e]{1,60}$/)).map(userId);
const seqs = fc.integer({ min: 1, max: 2 ** 40 }).map(seq);
const role = fc.constantFrom('owner' as const, 'admin' as const, 'member' as const, 'guest' as const);
const until = fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(micros), { nil: null });
const emoji = fc.constantFrom('👍', '❤️', '👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🇩🇪', 'x', 'é');
const attachment = fc.record({
  url: fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] }),
  name: someText,
  mediaType: fc.constantFrom('image/png', 'application/vnd.oasis.opendocument.text', 'audio/ogg; codecs=opus'),
  size: fc.nat(),
});
const extras = fc
  .record({
    replyTo: fc.option(seqs, { nil: null }),
    mentions: fc.uniqueArray(users, { maxLength: 50 }),
    mentionsAll: fc.boolean(),
    attachments: fc.array(attachment, { minLength: 1, maxLength: 10 }),
  })
  .map((one) => (one.mentionsAll ? { ...one, mentions: [] } : one));
const settings = fc.record(
  {
    title: fc.option(text, { nil: null }),
    closed: fc.boolean(),
    slowModeMs: fc.nat(),
    history: fc.constantFrom('joined' as const, 'full' as const),
    retentionDays: fc.option(fc.nat(), { nil: null }),
  },
  { requiredKeys: [] },
);
const settingsOfCreation = settings.map(({ closed, ...others }) => others);
const identity = fc.record<Identity>({
  chatId: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map(chatId),
  senderId: users,
  clientMessageId: fc.stringMatching(/^[\x20-\x7e]{1,128}$/).map(clientMessageId),
  sentAt: fc.option(fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), { nil: undefined }),
  actedBy: fc.constantFrom(undefined, undefined, systemSender),
});

const of = <Content>(content: fc.Arbitrary<Content>, command: (identity: Identity, content: Content) => Command) =>
  fc.tuple(identity, content).map(([who, what]) => command(who, what));

/** Any command that can be made, of each type. */
export const commandsByType: { readonly [Type in Command['type']]: fc.Arbitrary<Command> } = {
  'chat.create': of(
    fc.record({
      kind: fc.constantFrom('direct' as const, 'group' as const),
      settings: settingsOfCreation,
      memberIds: fc.array(users),
    }),
    make.createChatCommand,
  ),
  'chat.update': of(
    settings.filter((one) => Object.keys(one).length > 0),
    make.updateChatCommand,
  ),
  'chat.trim': of(fc.record({ bucket: fc.nat(), firstSeq: seqs, firstRev: seqs.map(rev) }), make.trimChatCommand),
  'member.add': of(fc.record({ userId: users, role }), make.addMemberCommand),
  'member.remove': of(fc.record({ userId: users }), make.removeMemberCommand),
  'member.set_role': of(fc.record({ userId: users, role }), make.setRoleCommand),
  'member.mute': of(fc.record({ userId: users, until }), make.muteMemberCommand),
  'message.post': of(
    fc.oneof(
      fc.record({ body: text, extras, recipientId: fc.option(users, { nil: undefined }) }),
      fc.record({ body: someText, recipientId: fc.option(users, { nil: undefined }) }),
      fc.record({ body: text, recipientId: users, seedForm: fc.constant(true) }),
    ),
    make.postMessageCommand,
  ),
  'message.edit': of(
    fc.record({ seq: seqs, body: someText, ifVersion: fc.option(fc.integer({ min: 1 }), { nil: undefined }) }),
    make.editMessageCommand,
  ),
  'message.delete': of(
    fc.record({ seq: seqs, scope: fc.constantFrom('everyone' as const, 'me' as const) }),
    make.deleteMessageCommand,
  ),
  'message.erase': of(
    fc.record({ userId: users, seqs: fc.array(seqs, { minLength: 1, maxLength: 100 }) }),
    make.eraseMessagesCommand,
  ),
  'reaction.add': of(fc.record({ type: fc.constant('reaction.add' as const), seq: seqs, emoji }), make.reactCommand),
  'reaction.remove': of(
    fc.record({ type: fc.constant('reaction.remove' as const), seq: seqs, emoji }),
    make.reactCommand,
  ),
};

export const anyCommand = fc.oneof(...Object.values(commandsByType));
