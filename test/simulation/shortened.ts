import type { Result } from './world.ts';

/** The last steps before the first violation that concern its chat, or no chat in particular. */
export const shortened = ({ trace, violations }: Result, last: number): string[] => {
  const chat = violations[0]?.chat;
  const concerned = trace.filter((line) => line.chat === undefined || chat === undefined || line.chat === chat);
  return last === 0 ? [] : concerned.slice(-last).map(({ line }) => line);
};
