import { type Seq, seq } from '../../domain/ids.ts';
import type { ReadMarker } from '../ports/chat-reader.ts';
import type { PersonalStore } from '../ports/personal-store.ts';
import { type ReadDeps, type ReadRequest, readAccess } from './read-access.ts';
import { orUnavailable, type Refused } from './result.ts';

export type ReadMarkerResult = { readonly kind: 'ok'; readonly marker: ReadMarker } | Refused;

export type MarkerMove =
  | { readonly kind: 'read'; readonly upTo: Seq }
  | { readonly kind: 'unread'; readonly from: Seq | null };

export const getReadMarker =
  (deps: ReadDeps) =>
  async (request: ReadRequest): Promise<ReadMarkerResult> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const marker = await orUnavailable('STORAGE_UNAVAILABLE', () =>
      deps.reader.readMarker(request.chatId, request.userId),
    );
    return { kind: 'ok', marker };
  };

/** Reading only moves forward, never past the last message; marking as unread is said explicitly. */
export const moveReadMarker =
  (deps: ReadDeps & { readonly personal: PersonalStore }) =>
  async (request: ReadRequest, move: MarkerMove): Promise<ReadMarkerResult> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const { chatId, userId } = request;
    return orUnavailable('STORAGE_UNAVAILABLE', async () => {
      if (move.kind === 'read') {
        const head = await deps.reader.head(chatId);
        await deps.personal.markRead(chatId, userId, seq(Math.min(move.upTo, head?.seq ?? 0)));
      } else {
        await deps.personal.markUnread(chatId, userId, move.from);
      }
      return { kind: 'ok', marker: await deps.reader.readMarker(chatId, userId) };
    });
  };
