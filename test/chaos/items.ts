import { chatIdAt, chatOf, clientIdAt, createCommand, type Load, postCommand } from '../../bench/load.ts';

/** What a scenario sends is a pure function of its load. Item `k` goes to chat `k mod chats`; the first to each chat creates it. So item
 *  `k` must become the entry `k div chats + 1` of its chat, and a post's seq is one less than its rev. */
export const commandAt = (load: Load, item: number): object =>
  item < load.chats ? createCommand(load, item) : postCommand(load, item - load.chats);

export const chatOfItem = (load: Load, item: number): number => item % load.chats;
export const itemAt = (load: Load, chat: number, rev: number): number => (rev - 1) * load.chats + chat;
export const routingKeyOf = (load: Load, item: number): string => chatIdAt(load, chatOf(load, item));
/** Of an item that posts. */
export const clientIdOf = (load: Load, item: number): string =>
  item < load.chats ? 'create' : clientIdAt(load, item - load.chats);
/** How many of the first `items` items go to a chat. */
export const itemsOfChat = (load: Load, items: number, chat: number): number =>
  Math.max(0, Math.floor((items - chat + load.chats - 1) / load.chats));

/** The chat's number, or undefined when it is none of this load's. */
export const chatNumber = (load: Load, chatId: string): number | undefined => {
  const chat = Number(chatId.slice(chatId.lastIndexOf('-') + 1));
  return chat < load.chats && chatIdAt(load, chat) === chatId ? chat : undefined;
};
