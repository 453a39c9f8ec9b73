/** JSON values as YAML: just what a generated document needs. Strings that another reader might take for something else are quoted. */
export const yamlOf = (value: unknown): string => `${block(value, 0).trimStart()}\n`;

const plain = /^(?!(true|false|null|yes|no|on|off|y|n)$)[A-Za-z/$][\w ./$-]*(?<! )$/i;

const scalar = (value: unknown): string =>
  typeof value === 'string' && plain.test(value) ? value : JSON.stringify(value);

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

const block = (value: unknown, depth: number): string => {
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}`;
  if (isEmpty(value)) return Array.isArray(value) ? ' []' : ' {}';
  const indent = `\n${'  '.repeat(depth)}`;
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}-${nested(item, depth)}`).join('');
  }
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${indent}${scalar(key)}:${block(item, depth + 1)}`)
    .join('');
};

/** An object in a list begins on the line of its dash. */
const nested = (item: unknown, depth: number): string => {
  const text = block(item, depth + 1);
  return text.startsWith('\n') ? ` ${text.trimStart()}` : text;
};
