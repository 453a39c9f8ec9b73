import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { checkIntegrity, getOutcome } from '../../application/use-cases/inspect-chat.ts';
import type { readChanges, SeenEntry } from '../../application/use-cases/read-changes.ts';
import type { getReadMarker, MarkerMove, moveReadMarker } from '../../application/use-cases/read-marker.ts';
import * as bounds from '../../domain/chat/command.ts';
import { rev, seq } from '../../domain/ids.ts';
import { clientMessageIdSchema, maxCommandBytes } from '../../interface-adapters/amqp/command-json.ts';
import { eventJson } from '../../interface-adapters/amqp/event-json.ts';
import { eventSchema } from '../../interface-adapters/amqp/events.schema.ts';
import { decodeToken, encodeToken } from '../../interface-adapters/http/cursor.ts';
import { defaultPageSize, limitSchema, maxPageSize, minRevSchema } from '../../interface-adapters/http/page.schema.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { readCodes, security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type LogRoutesDeps = {
  readonly readChanges: ReturnType<typeof readChanges>;
  readonly getReadMarker: ReturnType<typeof getReadMarker>;
  readonly moveReadMarker: ReturnType<typeof moveReadMarker>;
  readonly getOutcome: ReturnType<typeof getOutcome>;
  readonly checkIntegrity: ReturnType<typeof checkIntegrity>;
};

const noneSchema = z
  .object({ type: z.literal('none'), rev: z.int() })
  .meta({ id: 'NotForYou', description: 'Something that is not for your eyes: only its place is told.' });

const changesSchema = z
  .object({
    items: z
      .array(z.union([eventSchema, noneSchema]))
      .describe('In order of rev, without gaps. Events, as the broker has them.'),
    next: z.string().describe('Give it as `since` to go on from here.'),
    has_more: z.boolean(),
  })
  .meta({ id: 'Changes' });

const markerSchema = z
  .object({ read_seq: z.int(), unread_from: z.int().nullable() })
  .meta({ id: 'ReadMarker', description: 'Read up to and including read_seq; unread_from is an explicit mark.' });

const moveSchema = z
  .union([z.strictObject({ read_seq: z.int().min(0) }), z.strictObject({ unread_from: z.int().min(1).nullable() })])
  .meta({ id: 'MoveReadMarker' });

const integritySchema = z
  .object({
    dense: z.boolean().describe('Nothing is missing.'),
    messages: z.int(),
    changes: z.int(),
    buckets: z.array(
      z.object({
        bucket: z.int(),
        first_seq: z.int(),
        first_rev: z.int(),
        messages: z.int(),
        changes: z.int(),
        missing_seqs: z.array(z.int()),
        missing_revs: z.array(z.int()),
      }),
    ),
  })
  .meta({ id: 'Integrity' });

const limitsSchema = z.record(z.string(), z.int()).meta({ id: 'Limits' });

const seenJson = (entry: SeenEntry) => (entry.type === 'none' ? entry : eventJson(entry));

export const logRoutes =
  (deps: LogRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/chats/:chat_id/changes',
      {
        schema: {
          summary: 'Follow a chat',
          description:
            'Everything that happened after `since`, in order and without gaps; from the beginning when it is not given. ' +
            '410 when that is not kept any more: read the chat anew.',
          tags: ['changes'],
          security,
          params: chatParamsSchema,
          querystring: z.strictObject({
            since: z.string().max(500).optional().describe('`next` of the answer before.'),
            limit: limitSchema,
            min_rev: minRevSchema,
          }),
          response: { 200: changesSchema, ...problemResponses(...readCodes, 'GONE') },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId } = request.params;
        const { since, limit = defaultPageSize, min_rev } = request.query;
        const position = since === undefined ? undefined : decodeToken(chatId, since);
        if (since !== undefined && position === undefined)
          return sendRejection(request, reply, {
            code: 'VALIDATION_FAILED',
            reason: 'since: this is not a token of this chat',
          });
        const minRev = min_rev === undefined ? undefined : rev(min_rev);
        const result = await deps.readChanges({ userId: request.userId, chatId, minRev }, position, limit);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return {
          items: result.entries.map(seenJson) as z.input<typeof changesSchema>['items'],
          next: encodeToken(chatId, result.next),
          has_more: result.hasMore,
        };
      },
    );

    app.get(
      '/chats/:chat_id/read-marker',
      {
        schema: {
          summary: 'How far you have read',
          tags: ['read markers'],
          security,
          params: chatParamsSchema,
          response: { 200: markerSchema, ...problemResponses(...readCodes) },
        },
      },
      async (request, reply) => {
        const result = await deps.getReadMarker({ userId: request.userId, chatId: request.params.chat_id });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return { read_seq: result.marker.readSeq, unread_from: result.marker.unreadFrom };
      },
    );

    app.put(
      '/chats/:chat_id/read-marker',
      {
        schema: {
          summary: 'Mark as read, or as unread',
          description: '`read_seq` only moves forward, whatever the order of requests. `unread_from` marks explicitly.',
          tags: ['read markers'],
          security,
          params: chatParamsSchema,
          body: moveSchema,
          response: { 200: markerSchema, ...problemResponses(...readCodes) },
        },
      },
      async (request, reply) => {
        const { body } = request;
        const move: MarkerMove =
          'read_seq' in body
            ? { kind: 'read', upTo: seq(body.read_seq) }
            : { kind: 'unread', from: body.unread_from === null ? null : seq(body.unread_from) };
        const result = await deps.moveReadMarker({ userId: request.userId, chatId: request.params.chat_id }, move);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return { read_seq: result.marker.readSeq, unread_from: result.marker.unreadFrom };
      },
    );

    app.get(
      '/chats/:chat_id/commands/:client_message_id',
      {
        schema: {
          summary: 'What became of a command',
          description: 'The event of your own command, for seven days. 404 when it was rejected, or is not known.',
          tags: ['changes'],
          security,
          params: chatParamsSchema.extend({ client_message_id: clientMessageIdSchema }),
          response: { 200: eventSchema, ...problemResponses(...readCodes, 'TARGET_NOT_FOUND') },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId, client_message_id } = request.params;
        const result = await deps.getOutcome({ userId: request.userId, chatId }, client_message_id);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return eventJson(result.entry) as z.input<typeof eventSchema>;
      },
    );

    app.get(
      '/chats/:chat_id/integrity',
      {
        schema: {
          summary: 'Check the log of a chat',
          description: 'Reads all of it: dear in a large chat.',
          tags: ['operations'],
          security,
          params: chatParamsSchema,
          response: { 200: integritySchema, ...problemResponses(...readCodes) },
        },
      },
      async (request, reply) => {
        const result = await deps.checkIntegrity({ userId: request.userId, chatId: request.params.chat_id });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        const { buckets } = result;
        return {
          dense: buckets.every(({ missingSeqs, missingRevs }) => missingSeqs.length + missingRevs.length === 0),
          messages: buckets.reduce((sum, { messages }) => sum + messages, 0),
          changes: buckets.reduce((sum, { changes }) => sum + changes, 0),
          buckets: buckets.map((one) => ({
            bucket: one.bucket,
            first_seq: one.firstSeq,
            first_rev: one.firstRev,
            messages: one.messages,
            changes: one.changes,
            missing_seqs: [...one.missingSeqs],
            missing_revs: [...one.missingRevs],
          })),
        };
      },
    );

    app.get(
      '/limits',
      {
        schema: {
          summary: 'The bounds of this service',
          tags: ['operations'],
          security,
          response: { 200: limitsSchema, ...problemResponses('UNAUTHENTICATED') },
        },
      },
      async () => ({
        max_body_bytes: bounds.maxBodyBytes,
        max_command_bytes: maxCommandBytes,
        max_members: bounds.maxMembers,
        max_title_characters: bounds.maxTitleLength,
        max_attachments: bounds.maxAttachments,
        max_mentions: bounds.maxMentions,
        max_emoji_per_message: bounds.maxEmoji,
        max_emoji_bytes: bounds.maxEmojiBytes,
        max_slow_mode_ms: bounds.maxSlowModeMs,
        max_retention_days: bounds.maxRetentionDays,
        max_batch_commands: bounds.maxBatchCommands,
        max_listed_recipients: bounds.maxListedRecipients,
        max_page_size: maxPageSize,
        idempotency_days: 7,
      }),
    );
  };
