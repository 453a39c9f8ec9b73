import type { onRequestHookHandler } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ChatReader } from '../../../application/ports/chat-reader.ts';
import type { PersonalStore } from '../../../application/ports/personal-store.ts';
import type { chatOfUsers } from '../../../application/use-cases/chat-of-users.ts';
import type { getChat } from '../../../application/use-cases/get-chat.ts';
import type { listChats } from '../../../application/use-cases/list-chats.ts';
import type { namesOf } from '../../../application/use-cases/names.ts';
import type { readHistory } from '../../../application/use-cases/read-history.ts';
import { orUnavailable } from '../../../application/use-cases/result.ts';
import { type ChatId, chatId, clientMessageId, parseChatId, type UserId } from '../../../domain/ids.ts';
import { directChatId, setChatId } from '../../../interface-adapters/amqp/command-identity.ts';
import { createChatCommand } from '../../../interface-adapters/amqp/command-json.ts';
import { problemContent, problemResponses } from '../../../interface-adapters/http/problem-responses.ts';
import {
  noTokenSchema,
  notPermittedSchema,
  relatedUserSchema,
  seedChatJson,
  seedChatSchema,
  seedChatsSchema,
  seedInvalidSchema,
  seedMessageJson,
  seedMessagesQuerySchema,
  seedPageSchema,
  seedPageSize,
  seqOfMessageId,
  tokenRefusedSchema,
  usersSchema,
} from '../../../interface-adapters/http/seed.schema.ts';
import { commandCodes, security } from '../route-kit.ts';
import { sendRejection } from '../send-problem.ts';
import type { TokenVerifier } from '../verify-token.ts';
import {
  answerLikeTheSeed,
  authenticateLikeTheSeed,
  chatCreationDenied,
  invalid,
  retrievalDenied,
  updateDenied,
} from './seed-errors.ts';

export type SeedRoutesDeps = {
  readonly verify: TokenVerifier;
  readonly limitUser: onRequestHookHandler;
  readonly chatOfUsers: ReturnType<typeof chatOfUsers>;
  readonly getChat: ReturnType<typeof getChat>;
  readonly listChats: ReturnType<typeof listChats>;
  readonly readHistory: ReturnType<typeof readHistory>;
  readonly namesOf: ReturnType<typeof namesOf>;
  readonly personal: PersonalStore;
  readonly reader: Pick<ChatReader, 'chat'>;
  readonly commandTimeoutMs: number;
};

const tags = ['seed'];
/** How the seed says no; whatever else goes wrong is a problem document. */
const refusals = {
  ...problemResponses(...commandCodes),
  401: {
    description: 'No valid token (as JSON), or not permitted (as a problem document).',
    content: {
      'application/json': { schema: tokenRefusedSchema },
      'application/problem+json': { schema: notPermittedSchema },
    },
  },
  403: {
    description: 'No token at all (as JSON), or the policy says no (as a problem document).',
    content: {
      'application/json': { schema: noTokenSchema },
      'application/problem+json': problemContent('FORBIDDEN', 'POLICY_DENIED'),
    },
  },
  422: {
    description: 'What is not valid, as FastAPI lists it.',
    content: { 'application/json': { schema: seedInvalidSchema } },
  },
};
/** A page of get-chats, which knows no pages. */
const mostChats = 1_000;
const atOnce = 100;
const rostersAtOnce = 8;

/** The routes that the sibling services and their front end were written against, as they expect them. */
export const seedRoutes =
  (deps: SeedRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.addHook('onRequest', authenticateLikeTheSeed(deps.verify));
    app.addHook('onRequest', deps.limitUser);
    app.setErrorHandler((error, request, reply) => answerLikeTheSeed(error as Error, request, reply));

    for (const url of ['/chats/', '/chats']) {
      app.post(
        url,
        {
          schema: {
            hide: url === '/chats',
            summary: 'Get or create the chat of exactly these users',
            tags,
            security,
            body: usersSchema,
            response: { 200: seedChatSchema, ...refusals },
          },
        },
        async (request, reply) => {
          const { userId } = request;
          const users = [...new Set(request.body.user_ids)].sort();
          if (!users.includes(userId)) return chatCreationDenied(reply);
          // The names first: without them there is no answer, and then nothing should have been made.
          const names = await deps.namesOf(users);
          const [first, second] = users;
          const isTwo = users.length === 2;
          const id = chatId(isTwo ? directChatId([first!, second!]) : setChatId(users));
          const identity = { chatId: id, senderId: userId, clientMessageId: clientMessageId(`get-or-create-${id}`) };
          const command = createChatCommand(identity, {
            kind: isTwo ? 'direct' : 'group',
            settings: {},
            memberIds: users,
          });
          const result = await deps.chatOfUsers(command, deps.commandTimeoutMs);
          if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
          return seedChatJson(id, [...names.values()]);
        },
      );
    }

    app.get(
      '/chats/get-chats',
      {
        schema: {
          summary: 'Your chats that have a message',
          tags,
          security,
          response: { 200: seedChatsSchema, ...refusals },
        },
      },
      async (request) => {
        const chats = (await allChats(deps.listChats, request.userId)).filter(({ lastSeq }) => lastSeq > 0);
        const members = await membersOf(
          deps.reader,
          chats.map(({ id }) => id),
        );
        const names = await deps.namesOf([...new Set(members.flat())]);
        return chats.map(({ id }, index) =>
          seedChatJson(
            id,
            members[index]!.map((user) => names.get(user)!),
          ),
        );
      },
    );

    app.post(
      '/chats/update-chat-related-user',
      {
        schema: {
          summary: 'How you are called from now on',
          tags,
          security,
          body: relatedUserSchema,
          response: { 204: z.null().describe('Done.'), ...refusals },
        },
      },
      async (request, reply) => {
        const { id, username, avatar_url } = request.body;
        if (id !== request.userId) return updateDenied(reply);
        await orUnavailable('STORAGE_UNAVAILABLE', () =>
          deps.personal.putProfile({ userId: id, username, avatarUrl: avatar_url }),
        );
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/messages/get-messages',
      {
        schema: {
          summary: 'Ten messages of a chat, newest first',
          tags,
          security,
          querystring: seedMessagesQuerySchema,
          response: { 200: seedPageSchema, ...refusals },
        },
      },
      async (request, reply) => {
        const { chat_id, cursor = '' } = request.query;
        const id = parseChatId(chat_id);
        if (id === undefined) return retrievalDenied(reply);
        const before = cursor === '' ? undefined : seqOfMessageId(id, cursor);
        if (cursor !== '' && before === undefined)
          return invalid(reply, [
            { type: 'value_error', loc: ['query', 'cursor'], msg: 'This is not a cursor of this chat.' },
          ]);
        const anchor = before === undefined ? { at: 'newest' as const } : { at: 'before' as const, seq: before };
        const result = await deps.readHistory({ userId: request.userId, chatId: id }, { anchor, limit: seedPageSize });
        // Its callers know no 410: older messages are simply not there.
        if (result.kind === 'rejected' && result.rejection.code === 'GONE')
          return { messages: [], cursor: '', previous_messages_exist: false };
        if (result.kind === 'rejected') return retrievalDenied(reply);
        const messages = result.page.items.map(seedMessageJson);
        return { messages, cursor: messages.at(-1)?.id ?? '', previous_messages_exist: result.page.hasOlder };
      },
    );
  };

/** The first members of each chat. A roster may be long: a few at a time. */
const membersOf = async (reader: SeedRoutesDeps['reader'], chats: readonly ChatId[]): Promise<UserId[][]> => {
  const members: UserId[][] = [];
  for (let from = 0; from < chats.length; from += rostersAtOnce) {
    const views = await orUnavailable('STORAGE_UNAVAILABLE', () =>
      Promise.all(chats.slice(from, from + rostersAtOnce).map((id) => reader.chat(id))),
    );
    members.push(...views.map((view) => view?.members.slice(0, atOnce).map(({ userId }) => userId) ?? []));
  }
  return members;
};

const allChats = async (list: SeedRoutesDeps['listChats'], userId: UserId) => {
  const chats: Awaited<ReturnType<typeof list>>[number][] = [];
  for (let more = true; more && chats.length < mostChats; ) {
    const last = chats.at(-1);
    const after = last && { activeAt: last.activeAt, chatId: last.id };
    const page = await list({ userId, limit: atOnce, after });
    chats.push(...page);
    more = page.length === atOnce;
  }
  return chats;
};
