import { chatId } from '../../src/domain/ids.ts';
import { ChatLog } from '../../src/infrastructure/cassandra/chat-log.ts';
import { ChatRoster } from '../../src/infrastructure/cassandra/chat-roster.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { pairs } from './read-back.ts';
import { world } from './scheduler.ts';
import type { World } from './world.ts';

const everyMs = 150;
const limit = 100;

/** Reads the ends of all logs all the time. What readers keep a page by (NewestPages): messages of one bucket that were read with one
 *  `next_rev` are the same, whenever and whichever two replicas are asked; until the next bucket is there, whose entries may change them. */
export const watchEnds = ({ cassandra, invariants, scheduler, faults }: World): void => {
  const logs = pairs.map((pair) => {
    const data = new DataAccess(cassandra.reader(pair));
    return { log: new ChatLog(data), roster: new ChatRoster(data) };
  });
  const seen = new Map<string, string>();
  let looks = 0;
  const look = async () => {
    // One reader asks where the log ends, another one for its newest messages.
    const [asking, reading] = [logs[looks % 3]!, logs[Math.floor(looks / 3) % 3]!];
    looks++;
    for (const name of invariants.log.keys()) {
      const chat = chatId(name);
      const bucket = (await asking.roster.facts(chat))?.currentBucket;
      if (bucket === undefined) continue;
      await asking.log.head(chat, bucket);
      const newest = await reading.log.newest(chat, bucket, limit);
      if (newest === undefined || newest.messages.some((one) => one.changedRev >= newest.head.nextRev)) continue;
      const end = `${name}/${bucket}/${newest.head.nextRev}`;
      const messages = JSON.stringify(newest.messages);
      const before = seen.get(end);
      if (before === undefined) seen.set(end, messages);
      else if (before !== messages) invariants.found('I3', `two reads of ${end} show other messages`, name);
    }
  };
  const lookAgain = () => {
    look().catch((error) => faults.defect(error));
    scheduler.after(everyMs, lookAgain, world);
  };
  lookAgain();
};
