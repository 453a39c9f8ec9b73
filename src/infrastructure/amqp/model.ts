import type { Duplex } from 'node:stream';
import { connect, type Connection as Model } from 'amqplib/callback_api';
import type { Clock } from '../../application/ports/system.ts';
import { gatherWrites } from './gather-writes.ts';

export type { Connection as Model } from 'amqplib/callback_api';

export const connectTimeoutMs = 5_000;
export const closeTimeoutMs = 2_000;
const heartbeatSeconds = 10;

/** Calls back in the very turn in which the connection is open. `name` is shown in the broker's list. Throws on options that
 *  amqplib does not understand. */
export const connectModel = (
  { url, tls }: BrokerEndpoint,
  name: string,
  opened: (error: Error | null, model: Model) => void,
): void => {
  const options = {
    timeout: connectTimeoutMs,
    // What is written is gathered already; held back for an answer it would only be late.
    noDelay: true,
    clientProperties: { connection_name: name },
    ...certificatesOf(tls),
  };
  connect(withHeartbeat(url), options, (error: Error | null, model: Model) => {
    if (error === null) gatherWrites(streamOf(model));
    opened(error, model);
  });
};

/** amqplib's types do not tell of it. */
const streamOf = (model: Model): Duplex => (model.connection as unknown as { readonly stream: Duplex }).stream;

export type BrokerEndpoint = {
  readonly url: string;
  /** PEM texts, for amqps://: who is trusted (else whom Node trusts), and who we are, where the broker asks. */
  readonly tls?:
    | { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
};

const certificatesOf = (tls: BrokerEndpoint['tls']): object =>
  Object.fromEntries(Object.entries(tls ?? {}).filter(([, pem]) => pem !== undefined));

const withHeartbeat = (url: string): string => {
  const parts = new URL(url);
  if (!parts.searchParams.has('heartbeat')) parts.searchParams.set('heartbeat', String(heartbeatSeconds));
  return parts.href;
};

/** amqplib's own close never settles on a dead connection, so it has two seconds. Never rejects. */
export const closeModel = async (model: Model, clock: Clock): Promise<void> => {
  const closed = new Promise<void>((resolve) => {
    model.on('close', () => resolve());
    try {
      model.close();
    } catch {
      resolve();
    }
  });
  await Promise.race([closed, clock.sleep(closeTimeoutMs)]);
  // With an error: only then does amqplib clean up after itself (its heartbeat timers keep the process alive).
  streamOf(model).destroy(new Error('closed by this service'));
};
