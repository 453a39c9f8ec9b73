import type { Entry } from '../../domain/chat/entry.ts';

/** What is left of an entry about a message that was erased, or is not kept any more (retention). It keeps its place, and who did what when; the text and what hung on the
 *  message are blank, in what edits and deletions repeat of the post too. */
export const erasedEntry = <E extends Entry>(entry: E): E => {
  switch (entry.type) {
    case 'message.posted':
      return { ...entry, body: '', extras: null };
    case 'message.edited':
      return { ...entry, body: '', post: { ...entry.post, extras: null } };
    case 'message.deleted':
      return { ...entry, post: { ...entry.post, extras: null } };
    default:
      return entry;
  }
};
