/** The mixed load for as long as it takes to see what grows: look at the process's memory and at p99 over time meanwhile. */
import { loadOf } from './kit/load.ts';
import { mixedParts } from './kit/mixed-parts.ts';
import { summaryOf } from './kit/summary.ts';

export { checkIntegrity as teardown, listChats, post, readDeep, readNewest } from './kit/requests.ts';

export const options = loadOf(mixedParts);
export const handleSummary = summaryOf('soak');
