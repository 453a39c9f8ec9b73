/** Posts over REST, each answered when its message is stored and announced; half of them go to the few busy chats. */
import { loadOf, writeLimits } from './kit/load.ts';
import { summaryOf } from './kit/summary.ts';

export { checkIntegrity as teardown, post } from './kit/requests.ts';

export const options = loadOf({ post: { exec: 'post', share: 1, limits: writeLimits } });
export const handleSummary = summaryOf('post');
