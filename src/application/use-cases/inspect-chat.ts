import type { Entry } from '../../domain/chat/entry.ts';
import type { ClientMessageId } from '../../domain/ids.ts';
import type { BucketIntegrity } from '../ports/chat-reader.ts';
import { type ReadDeps, type ReadRequest, readAccess } from './read-access.ts';
import { orUnavailable, type Refused, refused } from './result.ts';

/** What became of a command of one's own. A rejection is not kept: it is not found. */
export const getOutcome =
  (deps: ReadDeps) =>
  async (
    request: ReadRequest,
    clientMessageId: ClientMessageId,
  ): Promise<{ readonly kind: 'ok'; readonly entry: Entry } | Refused> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const entry = await orUnavailable('STORAGE_UNAVAILABLE', () =>
      deps.reader.entryOf(request.chatId, request.userId, clientMessageId),
    );
    return entry === undefined
      ? refused({
          code: 'TARGET_NOT_FOUND',
          reason: 'Nothing is known of it: it was not sent, not decided yet, rejected, or is too long ago.',
        })
      : { kind: 'ok', entry };
  };

/** Whether the chat's log is what it must be, bucket by bucket. */
export const checkIntegrity =
  (deps: ReadDeps) =>
  async (
    request: ReadRequest,
  ): Promise<{ readonly kind: 'ok'; readonly buckets: readonly BucketIntegrity[] } | Refused> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const buckets = await orUnavailable('STORAGE_UNAVAILABLE', () => deps.reader.integrity(request.chatId));
    return { kind: 'ok', buckets };
  };
