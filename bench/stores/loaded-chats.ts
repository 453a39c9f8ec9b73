import { chatIdAt, type Load, usersOf } from '../load.ts';
import { queueName, serviceCommands, shards } from '../pipeline/queues.ts';
import type { ChatPlan } from './made-chat.ts';

const homeOf = (chat: number): number => chat % shards;

/** The queue of a loaded chat's shard: the exchange would find another one, and the service would have to forward. */
export const homeQueue = (chat: number): string => queueName(serviceCommands, homeOf(chat));

/** Chats of a load, as they are put into a store. */
export const plansOf = function* (load: Load, each: Pick<ChatPlan, 'messages' | 'members'>): Generator<ChatPlan> {
  const { bodyBytes } = load;
  for (let chat = 0; chat < load.chats; chat++)
    yield { id: chatIdAt(load, chat), shard: homeOf(chat), firstUser: usersOf(load, chat)[0], bodyBytes, ...each };
};
