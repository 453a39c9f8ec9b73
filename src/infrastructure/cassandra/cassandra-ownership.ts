import type { Ownership } from '../../application/ports/ownership.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import { CassandraSession, hintTtlSeconds, type SessionContext } from './cassandra-session.ts';
import type { CassandraClient } from './client.ts';
import { isApplied } from './conditional.ts';
import type { DataAccess } from './data-access.ts';
import { unavailable } from './failures.ts';
import { FallenSessions } from './fallen-sessions.ts';
import { journalQueries } from './journal-statements.ts';
import { readSessions, readShards, writeSessionHint } from './session-tables.ts';

export type OwnershipOptions = {
  readonly ledger: CassandraClient;
  readonly data: DataAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A label of the process, the same after its restart; never shared by two that live. */
  readonly instanceId: string;
  readonly sessionTimeoutMs: number;
  readonly shardCount: number;
  readonly telemetry?: Telemetry | undefined;
};

export class CassandraOwnership implements Ownership {
  readonly shardCount: number;
  readonly #options: OwnershipOptions;
  readonly #context: SessionContext;
  readonly #begun = new Set<string>();
  /** Sessions of this process's former life. Looked up once: a twin under the same name could otherwise be fenced for ever. */
  #formerLife: ReadonlySet<string> | undefined;
  #current: CassandraSession | undefined;

  constructor(options: OwnershipOptions) {
    const { ledger, data, clock, logger, telemetry = noTelemetry } = options;
    this.#options = options;
    this.shardCount = options.shardCount;
    this.#context = {
      ...options,
      telemetry,
      fallen: new FallenSessions(ledger, data, clock, logger, telemetry),
      // The current one too: it is never asked about as somebody else's.
      isFormerSelf: (session) => this.#begun.has(session) || this.#formerLife?.has(session) === true,
    };
  }

  async begin(): Promise<CassandraSession> {
    const { data, ledger, instanceId, sessionTimeoutMs } = this.#options;
    if (this.#formerLife === undefined) this.#formerLife = await this.#findFormerLife();
    else await this.#warnOfTwins();
    const session = new CassandraSession(this.#context);
    try {
      const row = (await ledger.execute(journalQueries.begin, [session.id, instanceId])).first();
      if (!isApplied(row)) throw new Error('the session exists already');
      await writeSessionHint(data, session.id, instanceId, hintTtlSeconds(sessionTimeoutMs));
    } catch (error) {
      // What may have been made of it stays behind, open and empty, and harms nobody: no shard will name it.
      throw unavailable('no session could be begun', error);
    }
    this.#begun.add(session.id);
    this.#current = session;
    session.start();
    return session;
  }

  /** Groups journaled and not yet done. */
  get openGroups(): number {
    return this.#current?.openGroups ?? 0;
  }

  async close(): Promise<void> {
    await this.#current?.end();
  }

  async #findFormerLife(): Promise<ReadonlySet<string>> {
    const owners = new Set(
      (await readShards(this.#options.data)).map(({ owner }) => owner).filter((owner) => owner !== ''),
    );
    const former = new Set<string>();
    for (const owner of owners) {
      const row = await this.#context.fallen.read(owner);
      if (row?.instance === this.#options.instanceId) former.add(owner);
    }
    return former;
  }

  /** A session has been lost: another living process of the same name would be one cause. */
  async #warnOfTwins(): Promise<void> {
    const { data, instanceId, logger } = this.#options;
    const isTwin = ({ session, instance }: { session: string; instance: string }) =>
      instance === instanceId && !this.#begun.has(session) && !this.#formerLife!.has(session);
    const twin = (await readSessions(data)).find(isTwin);
    if (twin !== undefined) {
      logger.error(
        { instanceId, session: twin.session },
        'another process lives under the same INSTANCE_ID; give each its own',
      );
    }
  }
}
