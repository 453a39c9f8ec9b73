import { startLocalStack } from './local-stack.ts';
import { chooseServers } from './servers.ts';

/** Before the first test on real servers: sees that they are there, and names them in the environment that the tests inherit.
 *  With `auto`, a server that the environment names stays the one, even when the other comes from the local stack. */
export default function setup(): void {
  const chosen = chooseServers(process.env);
  const servers = chosen.from === 'env' ? chosen.servers : startLocalStack();
  for (const [name, value] of Object.entries(servers)) {
    if (process.env.TEST_SERVERS === 'local' || !process.env[name]) process.env[name] = value;
  }
}
