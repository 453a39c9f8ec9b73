import { type Part, readLimits, writeLimits } from './load.ts';

export const mixedParts: Readonly<Record<string, Part>> = {
  hot: { exec: 'readNewest', share: 0.5, limits: readLimits },
  cold: { exec: 'readDeep', share: 0.2, limits: readLimits },
  lists: { exec: 'listChats', share: 0.1, limits: readLimits },
  post: { exec: 'post', share: 0.2, limits: writeLimits },
};
