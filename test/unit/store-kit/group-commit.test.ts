import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { SessionLost } from '../../../src/application/ports/chat-store.ts';
import { shardNumber } from '../../../src/domain/ids.ts';
import { GroupCommit } from '../../../src/infrastructure/store-kit/group-commit.ts';
import { randomChatId } from '../../support/cell-harness.ts';
import { ChatWriter, numbering } from '../../support/decisions.ts';

const someDecisions = (count: number): Decision[] => {
  const writer = new ChatWriter(randomChatId(), numbering({ shard: shardNumber(0), epoch: 1 }));
  return [writer.create(), ...writer.posts(count - 1)];
};

describe('GroupCommit', () => {
  it('writes everything that was committed in one pass of the event loop as one group', async () => {
    const groups: (readonly Decision[])[] = [];
    const commits = new GroupCommit({ write: (decisions) => groups.push(decisions) });
    const [a, b, c] = someDecisions(3) as [Decision, Decision, Decision];
    const done = [commits.commit([a]), commits.commit([b, c])];
    expect(groups).toEqual([]);
    await Promise.all(done);
    expect(groups).toEqual([[a, b, c]]);
    await commits.commit([a]);
    expect(groups).toHaveLength(2);
  });

  it('tries a group again until it is written, with later commits behind it', async () => {
    const [a, b] = someDecisions(2) as [Decision, Decision];
    const groups: (readonly Decision[])[] = [];
    const problems: unknown[] = [];
    const later: Promise<void>[] = [];
    let failures = 2;
    const commits = new GroupCommit({
      write: (decisions) => {
        if (failures-- > 0) throw new Error('disk full');
        groups.push(decisions);
      },
      onRetry: (error) => {
        problems.push(error);
        if (problems.length === 1) later.push(commits.commit([b]));
      },
    });
    await commits.commit([a]);
    await Promise.all(later);
    expect(groups).toEqual([[a, b]]);
    expect(problems).toEqual([new Error('disk full'), new Error('disk full')]);
  });

  it('rejects what waits and what comes when the session ends, and writes none of it', async () => {
    const groups: (readonly Decision[])[] = [];
    const commits = new GroupCommit({ write: (decisions) => groups.push(decisions) });
    const [a, b] = someDecisions(2) as [Decision, Decision];
    const waiting = commits.commit([a]);
    const reason = new SessionLost('fenced');
    commits.end(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(commits.commit([b])).rejects.toBe(reason);
    await new Promise(setImmediate);
    expect(groups).toEqual([]);
  });

  it('gives up a group that could not be written when the session ends', async () => {
    let attempts = 0;
    const commits = new GroupCommit({
      write: () => {
        attempts++;
        throw new Error('disk full');
      },
      onRetry: () => commits.end(new SessionLost('fenced')),
    });
    await expect(commits.commit(someDecisions(1))).rejects.toBeInstanceOf(SessionLost);
    expect(attempts).toBe(1);
  });
});
