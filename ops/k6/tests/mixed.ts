/** What clients do: mostly reading, some posting, now and then the list of chats. */
import { loadOf } from './kit/load.ts';
import { mixedParts } from './kit/mixed-parts.ts';
import { summaryOf } from './kit/summary.ts';

export { checkIntegrity as teardown, listChats, post, readDeep, readNewest } from './kit/requests.ts';

export const options = loadOf(mixedParts);
export const handleSummary = summaryOf('mixed');
