import { expect, it } from 'vitest';
import { SessionLost } from '../../../src/application/ports/chat-store.ts';
import { noTelemetry } from '../../../src/application/ports/telemetry.ts';
import { Journal } from '../../../src/infrastructure/cassandra/journal.ts';
import { SystemClock } from '../../../src/infrastructure/system/system-clock.ts';
import { silentLogger } from '../../support/cassandra-cell.ts';
import { FakeJournalRow } from './fake-journal-row.ts';

it.each(Array.from({ length: 10 }, (_, n) => n))(
  'wakes for what comes in while it goes to rest (%i microtasks after the last answer)',
  async (microtasks) => {
    const journal = new Journal({
      session: 's',
      ledger: new FakeJournalRow() as never,
      clock: new SystemClock(),
      logger: silentLogger,
      sessionTimeoutMs: 60_000,
      telemetry: noTelemetry,
      onJournaled: () => {},
      onLost: () => {},
    });
    await journal.confirm();
    for (let n = 0; n < microtasks; n++) await undefined;
    await expect(journal.confirm()).resolves.toBeUndefined();
    journal.stop(new SessionLost('over'));
  },
);
