import type { Command } from '../../domain/chat/command.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { ChatId, Micros, UserId } from '../../domain/ids.ts';
import type { CataloguePosition } from '../ports/chat-catalogue.ts';
import type { ReadMarker } from '../ports/chat-reader.ts';
import type { Profile } from '../ports/personal-store.ts';

/** One line of a history on its way from one store to another. The lines of one chat stand together: its entries in order of rev, from 1
 *  on, its read markers, the profiles of its members, and that it is done; not `complete` when its beginning is not kept any more, and
 *  then without entries; `position` is where an export that was cut off goes on. A `command` is the history of another system: decided anew, at its own time, nobody asked for permission. */
export type TransferLine =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'read'; readonly chatId: ChatId; readonly userId: UserId; readonly marker: ReadMarker }
  | { readonly kind: 'profile'; readonly profile: Profile }
  | { readonly kind: 'done'; readonly chatId: ChatId; readonly position: CataloguePosition; readonly complete: boolean }
  | { readonly kind: 'command'; readonly command: Command; readonly at: Micros };
