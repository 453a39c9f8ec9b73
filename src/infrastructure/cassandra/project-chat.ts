import type { Change, ChatCreated, ChatTrimmed, MemberAdded } from '../../domain/chat/entry.ts';
import { mayHide } from '../../domain/chat/roster.ts';
import type { ChatId, Micros, UserId } from '../../domain/ids.ts';
import { type Draft, type ProjectionStatement, partitions } from './projection-queries.ts';

/** What an entry changes in a chat's settings, its roster and its members' lists. */
export const projectOntoChat = (entry: Change, draft: Draft): void => {
  const { chatId } = entry;
  const { time, content } = draft;
  const roster = partitions.roster(chatId);
  switch (entry.type) {
    case 'chat.created':
      projectCreation(entry, draft);
      break;
    case 'chat.updated': {
      const settings = JSON.stringify(entry.settings);
      content.push({ query: 'updatedSettings', params: [chatId, settings, time], partition: roster });
      break;
    }
    case 'chat.trimmed':
      projectTrim(entry, draft);
      break;
    case 'member.added':
      projectArrival(entry, draft);
      break;
    case 'member.removed': {
      const { userId } = entry;
      content.push({ query: 'memberGone', params: [time, chatId, userId], partition: roster });
      content.push({ query: 'chatOfUserGone', params: [time, userId, chatId], partition: partitions.user(userId) });
      break;
    }
    case 'member.role_set': {
      const { userId, role } = entry;
      content.push({ query: 'member', params: [chatId, userId, role, time], partition: roster });
      content.push({ query: 'roleOfUser', params: [userId, chatId, role, time], partition: partitions.user(userId) });
      break;
    }
    case 'member.muted':
      content.push({ query: 'muted', params: [chatId, entry.userId, entry.until ?? 0, time], partition: roster });
      break;
  }
};

const projectCreation = (entry: ChatCreated, { time, content, index, placement }: Draft): void => {
  const { chatId, senderId, kind, members, at } = entry;
  const roster = partitions.roster(chatId);
  for (const { userId, role } of members) {
    content.push({ query: 'member', params: [chatId, userId, role, time], partition: roster });
    const params = [userId, chatId, role, at, placement.large ?? false, time];
    content.push({ query: 'chatOfUser', params, partition: partitions.user(userId) });
    content.push(everOfUser(userId, chatId, at, time));
  }
  if (placement.large) index.push({ query: 'large', params: [chatId, true, time], partition: roster });
  const settings = JSON.stringify({ v: 1, kind, creatorId: senderId, ...entry.settings });
  index.push({ query: 'settings', params: [chatId, settings, time], partition: roster });
};

const projectArrival = (entry: MemberAdded, { time, content, placement }: Draft): void => {
  const { chatId, userId, role, fromSeq, fromRev, at, becameLarge } = entry;
  const roster = partitions.roster(chatId);
  const member = [chatId, userId, role, fromSeq, fromRev, 0, mayHide(entry), time];
  content.push({ query: 'newMember', params: member, partition: roster });
  const params = [userId, chatId, role, at, placement.large ?? false, time];
  content.push({ query: 'chatOfUser', params, partition: partitions.user(userId) });
  content.push(everOfUser(userId, chatId, at, time));
  if (becameLarge === null) return;
  content.push({ query: 'large', params: [chatId, true, time], partition: roster });
  const others = becameLarge.filter((id: UserId) => id !== userId);
  for (const id of others)
    content.push({ query: 'largeOfUser', params: [id, chatId, true, time], partition: partitions.user(id) });
};

/** Stays when they go. */
const everOfUser = (userId: UserId, chatId: ChatId, at: Micros, time: unknown): ProjectionStatement => ({
  query: 'chatEverOfUser',
  params: [userId, chatId, at, time],
  partition: partitions.everOfUser(userId),
});

/** First nobody finds the old buckets any more, then they go, partition by partition. */
const projectTrim = (entry: ChatTrimmed, { time, content, index, placement }: Draft): void => {
  const { chatId, bucket: first, firstSeq, firstRev } = entry;
  const kept = [chatId, first, firstSeq, firstRev, time];
  content.push({ query: 'firstKept', params: kept, partition: partitions.roster(chatId) });
  content.push({ query: 'bucketsGone', params: [time, chatId, first], partition: partitions.buckets(chatId) });
  const end = Math.min(first, placement.bucket);
  for (let bucket = placement.dropsFrom ?? 0; bucket < end; bucket++) {
    const params = [time, chatId, bucket];
    index.push(
      { query: 'messagesGone', params, partition: partitions.messages(bucket, chatId) },
      { query: 'changesGone', params, partition: partitions.changes(bucket, chatId) },
      { query: 'keysGone', params, partition: partitions.keys(bucket, chatId) },
      { query: 'versionsGone', params, partition: partitions.versions(bucket, chatId) },
      { query: 'reactionsGone', params, partition: partitions.reactions(bucket, chatId) },
      { query: 'deletionsGone', params, partition: partitions.deletions(bucket, chatId) },
    );
  }
};
