import { execFileSync } from 'node:child_process';
import { type Servers, serversIn } from './servers.ts';

const script = new URL('../../ops/local-stack/stack.sh', import.meta.url).pathname;

/** Starts the local stack unless it runs, and leaves it running: the next test run is ready at once. */
export const startLocalStack = (): Servers => {
  try {
    execFileSync(script, ['up'], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    throw new Error('The local stack did not come up; see above.', { cause: error });
  }
  const servers = serversIn(parseExports(execFileSync(script, ['env'], { encoding: 'utf8' })));
  if (servers === undefined) throw new Error(`${script} env does not name both servers.`);
  return servers;
};

/** Lines of `export NAME=value`. */
export const parseExports = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
