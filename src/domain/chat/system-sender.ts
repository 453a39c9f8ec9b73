import { type UserId, userId } from '../ids.ts';

/** Who acts for the service itself: retention, erasure. Only operators make tokens that name it; auth services have other ids. */
export const systemSender: UserId = userId('system');

export const isSystem = (id: UserId): boolean => id === systemSender;
