import type { TrimChat } from '../../domain/chat/command.ts';
import { systemSender } from '../../domain/chat/system-sender.ts';
import { type ChatId, micros, type ShardNumber } from '../../domain/ids.ts';
import { microsOfMs } from '../../domain/time.ts';
import type { ChatCatalogue } from '../ports/chat-catalogue.ts';
import type { ChatReader } from '../ports/chat-reader.ts';
import type { OpenBucket } from '../ports/chat-store.ts';
import type { Clock, Logger } from '../ports/system.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { bucketsToCut, retentionCut } from './retention-cut.ts';
import type { runCommand } from './run-command.ts';

export type SweepDeps = {
  readonly catalogue: ChatCatalogue;
  readonly reader: Pick<ChatReader, 'standing' | 'oldestBuckets'>;
  readonly runCommand: ReturnType<typeof runCommand>;
  /** The command that drops what lies below a bucket. Always the same one for the same bucket, so that it is done once. */
  readonly trimCommand: (chatId: ChatId, cut: OpenBucket) => TrimChat;
  /** Whether this instance serves the shard at this moment: each instance sweeps its own. */
  readonly holds: (shard: ShardNumber) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** For chats that have no setting of their own; undefined: for ever. */
  readonly defaultDays: number | undefined;
  readonly chatsPerSecond: number;
};

export type SweepReport = { chats: number; trimmed: number; buckets: number; messages: number; failed: number };

const pageSize = 200;
/** Chats that are looked at side by side. */
const inFlight = 4;
const commandTimeoutMs = 30_000;
const dayMicros = microsOfMs(24 * 3600 * 1000);

/** Goes once through the chats of this instance's shards and drops what is older than they keep. A chat that fails is left to the next
 *  sweep. Rejects when the chats cannot be listed, and with the signal's reason. */
export const sweepRetention =
  (deps: SweepDeps) =>
  async (signal: AbortSignal): Promise<SweepReport> => {
    const { catalogue, clock, logger } = deps;
    const report: SweepReport = { chats: 0, trimmed: 0, buckets: 0, messages: 0, failed: 0 };
    for (let after: string | undefined; ; ) {
      const page = await catalogue.chats(after, pageSize);
      if (page.length === 0) return report;
      const mine = page.filter(({ home }) => deps.holds(home));
      for (let from = 0; from < mine.length; from += inFlight) {
        const chats = mine.slice(from, from + inFlight);
        const paced = clock.sleep((chats.length * 1000) / deps.chatsPerSecond, signal);
        const swept = chats.map(async ({ chatId }) => {
          report.chats++;
          try {
            await sweepChat(deps, chatId, report, signal);
          } catch (error) {
            signal.throwIfAborted();
            report.failed++;
            logger.warn(
              { err: error, chatId },
              'what is too old in a chat could not be dropped; the next sweep tries again',
            );
          }
        });
        await Promise.all([paced, ...swept]);
      }
      after = page.at(-1)!.position;
      signal.throwIfAborted();
    }
  };

const sweepChat = async (deps: SweepDeps, chatId: ChatId, report: SweepReport, signal: AbortSignal): Promise<void> => {
  const { reader, clock, logger, telemetry } = deps;
  // The service is no member: what comes are the chat's settings, without its roster.
  const standing = await reader.standing(chatId, systemSender);
  const days = standing?.settings.retentionDays ?? deps.defaultDays;
  if (standing === undefined || days === undefined) return;
  const until = micros(clock.now() - days * dayMicros);
  let dropped = 0;
  for (;;) {
    const oldest = await reader.oldestBuckets(chatId, bucketsToCut);
    const cut = retentionCut(oldest, until);
    if (cut === undefined) break;
    signal.throwIfAborted();
    const result = await deps.runCommand(deps.trimCommand(chatId, cut), commandTimeoutMs);
    if (result.kind === 'rejected') throw new Error(`${result.rejection.code}: ${result.rejection.reason}`);
    const buckets = cut.bucket - oldest[0]!.bucket;
    const messages = cut.firstSeq - oldest[0]!.firstSeq;
    dropped += buckets;
    report.buckets += buckets;
    report.messages += messages;
    telemetry.add('trimmedBuckets', buckets);
    telemetry.add('trimmedMessages', messages);
    logger.info(
      { chatId, buckets, messages, firstSeq: cut.firstSeq, days },
      'messages older than the retention dropped',
    );
  }
  if (dropped > 0) report.trimmed++;
};
