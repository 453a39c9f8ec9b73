/** Nothing of ours nests deeper than four. */
const maxDepth = 32;

/** Why a parsed body is not looked at any further, whichever way it came; undefined when it may be. JSON.parse itself reads any
 *  depth and any key, but what walks through the result afterwards may run out of stack, or copy a prototype. */
export const hostilityOf = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null) return undefined;
  return hostilityAt(json, 1);
};

/** Hot path: over `Object.keys` and not `for … in`, whose compiled code V8 threw away and made again hundreds of times a minute, as
 *  the shape of what JSON.parse returns changes. */
const hostilityAt = (value: object, depth: number): string | undefined => {
  if (depth > maxDepth) return `it nests deeper than ${maxDepth}`;
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return `the name ${key} is not allowed`;
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner !== 'object' || inner === null) continue;
    const found = hostilityAt(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};
