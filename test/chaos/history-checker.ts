import { chatIdAt, type Load, users } from '../../bench/load.ts';
import { userId } from '../../src/domain/ids.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import type { Findings } from './findings.ts';
import { clientIdOf, commandAt, itemAt, itemsOfChat } from './items.ts';

type Message = { seq: number; client_message_id: string; body: string; sender_id: number };
type Page = { items: Message[]; older: string | null };

const chatsAtOnce = 8;

/** Walks every chat's pages over HTTP, newest to oldest, and compares them with what was sent. Returns how many messages are stored. */
export const checkHistory = async (
  load: Load,
  made: number,
  urls: readonly string[],
  key: string,
  findings: Findings,
): Promise<number> => {
  const token = await issueToken(key, userId(String(users[0])), 3_600);
  let stored = 0;
  let nextChat = 0;
  const walk = async () => {
    for (let chat = nextChat++; chat < load.chats; chat = nextChat++)
      stored += await checkChat(load, made, chat, urls[chat % urls.length]!, token, findings);
  };
  await Promise.all(Array.from({ length: chatsAtOnce }, walk));
  return stored;
};

const checkChat = async (
  load: Load,
  made: number,
  chat: number,
  url: string,
  token: string,
  findings: Findings,
): Promise<number> => {
  const id = chatIdAt(load, chat);
  const seen = new Set<string>();
  let stored = 0;
  // The entry that creates the chat is no message.
  let due = itemsOfChat(load, made, chat) - 1;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await readPage(`${url}/v1/chats/${id}/messages?limit=100${cursor && `&cursor=${cursor}`}`, token);
    for (const { seq, client_message_id, body, sender_id } of page.items) {
      stored++;
      if (seq > due) findings.add(seen.has(client_message_id) ? 'doubled' : 'unexpected', `message ${id}.${seq}`);
      for (; due > seq; due--) findings.add('lost', `message ${id}.${due}`);
      due = seq - 1;
      if (seen.has(client_message_id)) findings.add('doubled', `message ${id}.${seq} is ${client_message_id} again`);
      seen.add(client_message_id);
      const item = itemAt(load, chat, seq + 1);
      const sent = commandAt(load, item) as { body: string; sender_id: number };
      if (client_message_id !== clientIdOf(load, item))
        findings.add('reordered', `message ${id}.${seq} is ${client_message_id}`);
      else if (body !== sent.body || sender_id !== sent.sender_id)
        findings.add('unexpected', `message ${id}.${seq} has another text or sender than was sent`);
    }
    cursor = page.older;
  }
  for (; due > 0; due--) findings.add('lost', `message ${id}.${due}`);
  return stored;
};

const readPage = async (url: string, token: string): Promise<Page> => {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return (await response.json()) as Page;
    const problem = `${url} answers ${response.status}: ${await response.text()}`;
    // A chat that does not exist is a loss of everything in it, which the caller counts.
    if (response.status === 404) return { items: [], older: null };
    if (attempt === 5) throw new Error(problem);
  }
};
