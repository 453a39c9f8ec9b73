import type { ChatSettings } from './chat-state.ts';
import { maxRetentionDays, maxSlowModeMs, maxTitleLength } from './command.ts';

/** What is wrong with these settings, in a sentence. */
export const invalidSettings = ({ title, slowModeMs, retentionDays }: Partial<ChatSettings>): string | undefined => {
  if (title != null && title.length > maxTitleLength) return `A title has ${maxTitleLength} characters at most.`;
  if (slowModeMs !== undefined && !(Number.isInteger(slowModeMs) && slowModeMs >= 0 && slowModeMs <= maxSlowModeMs))
    return `Slow mode is a whole number of milliseconds from 0 to ${maxSlowModeMs}.`;
  if (
    retentionDays != null &&
    !(Number.isInteger(retentionDays) && retentionDays >= 1 && retentionDays <= maxRetentionDays)
  )
    return `Messages are kept for a whole number of days from 1 to ${maxRetentionDays}.`;
  return undefined;
};
