import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision } from '../../src/application/decision.ts';
import { openDataFolder } from '../../src/infrastructure/sqlite/data-folder.ts';
import { projection } from '../../src/infrastructure/sqlite/projection.ts';
import { settleShardCount } from '../../src/infrastructure/sqlite/schema.ts';
import type { BenchContext } from '../core/bench.ts';
import { type ChatPlan, madeClock, madeDecisions } from './made-chat.ts';

const perTransaction = 1_000;

/** A data folder of this run's own, removed at the end. */
export const benchFolder = (context: BenchContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-messaging-bench-'));
  context.onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Writes chats into a data folder that no process uses. */
export const loadSqlite = (dataDir: string, plans: Iterable<ChatPlan>, shards = 16): void => {
  const { database, close } = openDataFolder(dataDir);
  try {
    settleShardCount(database, shards);
    const project = projection(database);
    const claim = database.prepare('INSERT INTO chat_homes (chat_id, shard) VALUES (?, ?)');
    const clocks = Array.from({ length: shards }, (_, shard) => madeClock(shard));
    let group: Decision[] = [];
    let homes: ChatPlan[] = [];
    const flush = () => {
      database.exec('BEGIN');
      for (const { id, shard } of homes) claim.run(id, shard);
      database.exec('COMMIT');
      project(group);
      group = [];
      homes = [];
    };
    for (const plan of plans) {
      homes.push(plan);
      for (const decision of madeDecisions(plan, clocks[plan.shard]!))
        if (group.push(decision) === perTransaction) flush();
    }
    flush();
    // Readers of a long write-ahead log look there first.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    close();
  }
};
