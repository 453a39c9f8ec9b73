import { z } from 'zod';
import { maxBatchCommands } from '../../src/domain/chat/command.ts';
import { rejectCodes } from '../../src/domain/chat/rejection.ts';
import { commandForms, maxCommandBytes } from '../../src/interface-adapters/amqp/command-json.ts';
import { eventSchema, rejectionSchema } from '../../src/interface-adapters/amqp/events.schema.ts';
import { seedPostForm } from '../../src/interface-adapters/amqp/message-commands.ts';
import { batchExample, commandExamples, eventExamples, seedExample } from './examples.ts';

type Json = Record<string, unknown>;

/** As zod has it, without what says nothing: bounds of safe integers, and that nothing else may come (more fields may). */
const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema, id, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema: one }) => {
      if (one.additionalProperties === false) delete one.additionalProperties;
      if (one.minimum === Number.MIN_SAFE_INTEGER) delete one.minimum;
      if (one.maximum === Number.MAX_SAFE_INTEGER) delete one.maximum;
    },
  }) as Json;
  return rest;
};

/** `message.set_role` → `MessageSetRole`. */
const nameOf = (type: string): string => type.replace(/(^|[._])([a-z])/g, (_, __, letter) => letter.toUpperCase());

const message = (name: string, title: string, headers: string, payload: Json, example: object) => ({
  name: title,
  title,
  contentType: 'application/json',
  headers: { $ref: `#/components/schemas/${headers}` },
  correlationId: { location: '$message.header#/correlation_id' },
  payload,
  examples: [{ name, payload: example }],
});

const commandMessages = Object.fromEntries(
  Object.entries(commandForms).map(([type, { schema }]) => [
    nameOf(type),
    message(nameOf(type), type, 'CommandHeaders', jsonSchema(schema, 'input'), commandExamples[type]!),
  ]),
);

const batchMessages = {
  Batch: {
    ...message(
      'Batch',
      'batch',
      'CommandHeaders',
      {
        type: 'object',
        required: ['type', 'chat_id', 'commands'],
        properties: {
          type: { const: 'batch' },
          chat_id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
          commands: {
            type: 'array',
            minItems: 1,
            maxItems: maxBatchCommands,
            description: 'Each is a command with its `type`, `sender_id` and `client_message_id`, all of this chat.',
            items: { type: 'object', required: ['type', 'sender_id', 'client_message_id'] },
          },
        },
      },
      batchExample,
    ),
    summary:
      'Commands of one chat that are decided one after the other, each with its own outcome. One that cannot be read makes ' +
      'the whole batch a dead letter, and nothing of it is done.',
  },
};

const seedMessages = {
  SeedMessage: {
    ...message('SeedMessage', 'message', 'CommandHeaders', jsonSchema(seedPostForm.schema, 'input'), seedExample),
    summary:
      'A message as the sibling services write it: without a `type`. Repeated, it is rejected as a duplicate, not answered again.',
  },
};

const eventMessages = Object.fromEntries(
  [...eventSchema.options, ...rejectionSchema.options].flatMap((schema) =>
    [...schema.shape.type.values].map((type) => {
      const payload = jsonSchema(schema.extend({ type: z.literal(type) }), 'output');
      const bindings = { amqp: { messageType: type, bindingVersion: '0.3.0' } };
      return [
        nameOf(type),
        { ...message(nameOf(type), type, 'EventHeaders', payload, eventExamples[type]!), bindings },
      ];
    }),
  ),
);

const refs = (of: string, messages: object) =>
  Object.fromEntries(Object.keys(messages).map((name) => [name, { $ref: `#/${of}/messages/${name}` }]));

const amqpExchange = (name: string) => ({
  amqp: { is: 'routingKey', exchange: { name, durable: true, autoDelete: false, vhost: '/' }, bindingVersion: '0.3.0' },
});

const channel = (address: string | null, description: string, messages: object) => ({
  address,
  description,
  messages: refs('components', messages),
  ...(address !== null && { bindings: amqpExchange(address) }),
});

const property = (description: string, more: Json = {}): Json => ({ type: 'string', description, ...more });

const schemas = {
  RejectCode: {
    type: 'string',
    description: 'Why a command had no effect. Retryable ones may succeed later, unchanged.',
    enum: Object.keys(rejectCodes),
    'x-retryable': Object.keys(rejectCodes).filter((code) => rejectCodes[code as keyof typeof rejectCodes].retryable),
  },
  CommandHeaders: {
    type: 'object',
    properties: {
      reply_to: property('AMQP property: the queue that the outcome goes to. Only together with correlation_id.'),
      correlation_id: property('AMQP property: given back with the outcome.'),
      traceparent: property('W3C trace context.', { maxLength: 64 }),
      'x-redelivered': { type: 'boolean', description: 'The command may have been delivered before.' },
    },
  },
  EventHeaders: {
    type: 'object',
    properties: {
      message_id: property('AMQP property: the event_id. An event may come more than once, byte for byte the same.'),
      type: property('AMQP property: the type of the event.'),
      correlation_id: property('AMQP property, of an outcome: as it was given.'),
      traceparent: property('W3C trace context.'),
      replayed: { type: 'boolean', description: 'It answers a command that had been answered before.' },
    },
  },
};

/** How the service speaks AMQP, made from the schemas that it reads and writes with. */
export const asyncApiDocument = () => ({
  asyncapi: '3.0.0',
  info: {
    title: 'chat-messaging',
    version: '1',
    description:
      'Commands in, events out. A command is idempotent by (chat_id, sender_id, client_message_id): repeated within 7 days it is ' +
      `answered with its first event. A command, or a batch, has at most ${maxCommandBytes} bytes. What cannot be read goes to the ` +
      'queue chat.dead-letter, with the reason in the header x-reason. Whoever publishes is trusted to name the sender.',
  },
  defaultContentType: 'application/json',
  servers: {
    rabbitmq: { host: 'localhost:5672', protocol: 'amqp', description: 'RabbitMQ 3.10 or later; RABBITMQ_URL.' },
  },
  channels: {
    commands: channel('chat.commands', 'Exchange of type x-consistent-hash. Routing key: the chat_id.', {
      ...commandMessages,
      ...batchMessages,
      ...seedMessages,
    }),
    database: channel(
      'database',
      'The direct exchange of the sibling services, routing key empty. Every command may be sent here too; it is passed on to its ' +
        'chat, one hop later.',
      { ...seedMessages, ...commandMessages, ...batchMessages },
    ),
    events: channel(
      'delivery',
      'DELIVERY_EXCHANGE_NAME. Routing key: empty for message.* events, the type for all others and for a message.deleted of scope me (DELIVERY_ROUTING_KEY changes it). ' +
        'Per chat in the order of rev, without gaps; each may come again: take one only when its rev is the last one taken + 1.',
      eventMessages,
    ),
    outcomes: channel(null, 'The queue named by reply_to.', eventMessages),
  },
  operations: {
    takeCommand: {
      action: 'receive',
      channel: { $ref: '#/channels/commands' },
      summary: 'Do what somebody wants, and announce it or say why not.',
      reply: {
        address: {
          location: '$message.header#/reply_to',
          description: 'The event of each command, when reply_to and correlation_id are given.',
        },
        channel: { $ref: '#/channels/outcomes' },
      },
    },
    takeFromSiblings: {
      action: 'receive',
      channel: { $ref: '#/channels/database' },
      summary: 'Pass on what the sibling services send.',
    },
    announce: {
      action: 'send',
      channel: { $ref: '#/channels/events' },
      summary: 'Tell what happened.',
    },
  },
  components: {
    schemas,
    messages: { ...commandMessages, ...batchMessages, ...seedMessages, ...eventMessages },
  },
});
