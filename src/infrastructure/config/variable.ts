import { z } from 'zod';

/** A variable as text: `read` gives its value, or undefined when the text is none. Unset is undefined. `must` completes
 *  "NAME must …"; the text itself is never repeated. */
export const variable = <T>(read: (text: string) => T | undefined, must: string, example: string) =>
  z
    .string()
    .optional()
    .transform((text, context): T | undefined => {
      if (text === undefined) return undefined;
      const value = read(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `must ${must}`, params: { example } });
      return z.NEVER;
    });

export const text = (example: string) => variable((value) => value, 'be text', example);

export const matching = (form: RegExp, must: string, example: string) =>
  variable((value) => (form.test(value) ? value : undefined), must, example);

export const wholeNumber = (min: number, max: number, example: number) =>
  variable(
    (value) => {
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
    `be a whole number from ${min} to ${max}`,
    String(example),
  );

export const oneOf = <const T extends string>(choices: readonly T[], example: T) =>
  variable((value) => choices.find((choice) => choice === value), `be one of ${choices.join(', ')}`, example);

export const yesOrNo = (example: boolean) =>
  variable(
    (value) => ({ true: true, '1': true, false: false, '0': false })[value.toLowerCase()],
    'be true or false',
    String(example),
  );

export const list = (isItem: (item: string) => boolean, must: string, example: string) =>
  variable(
    (value) => {
      const items = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      return items.length > 0 && items.every(isItem) ? items : undefined;
    },
    must,
    example,
  );
