/** Pages of history: the newest of a few busy chats, and any of many quiet ones. */
import { loadOf, readLimits } from './kit/load.ts';
import { summaryOf } from './kit/summary.ts';

export { readDeep, readNewest } from './kit/requests.ts';

export const options = loadOf({
  hot: { exec: 'readNewest', share: 0.5, limits: readLimits },
  cold: { exec: 'readDeep', share: 0.5, limits: readLimits },
});
export const handleSummary = summaryOf('history');
