import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { type PolicyFile, placeIn } from './policy-source.ts';

/** One of Cedar's errors as a sentence that begins with file, line and column. */
export const problemSentence = ({ path, text }: PolicyFile, error: DetailedError): string => {
  const at = error.sourceLocations?.[0];
  const place = at === undefined ? path : `${path}:${lineAndColumn(text, at.start)}`;
  const details = [at?.label, error.help].filter((detail) => detail !== null && detail !== undefined && detail !== '');
  const suffix = details.length === 0 ? '' : ` (${details.join('; ')})`;
  return `${place}: ${withoutCedarIds(error.message)}${suffix}.`;
};

/** The same mistake is reported once per action that a rule applies to: one sentence per place will do. */
export const oncePerPlace = (errors: readonly DetailedError[]): DetailedError[] => {
  const places = new Set<string>();
  return errors.filter((error) => {
    const at = error.sourceLocations?.[0];
    const place = at === undefined ? error.message : `${at.start}-${at.end}`;
    return !places.has(place) && places.add(place);
  });
};

/** Cedar numbers policies by itself (`policy0`); the line says more. */
const withoutCedarIds = (message: string): string =>
  message.replaceAll(/for policy `[^`]*`[,:] /g, '').replace(/^failed to parse (?:policies|schema) from string: /, '');

/** Cedar counts UTF-8 bytes. */
const lineAndColumn = (text: string, byteOffset: number): string => {
  const { line, column } = placeIn(text, Buffer.from(text).subarray(0, byteOffset).toString().length);
  return `${line}:${column}`;
};
