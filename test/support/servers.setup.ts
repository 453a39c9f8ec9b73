import { dockerAnswers, startDockerServers } from './docker-servers.ts';
import { startLocalStack } from './local-stack.ts';
import { type Choice, chooseServers, type Servers } from './servers.ts';

type Started = { readonly servers: Servers; readonly stop?: () => Promise<void> };

/** Before the first test on real servers: sees that they are there, and names them in the environment that the tests inherit.
 *  With `auto`, a server that the environment names stays the one, even when the other comes from elsewhere. Resolves with what
 *  takes down again what must not outlive the tests. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const chosen = chooseServers(process.env);
  const { servers, stop } = await start(chosen);
  for (const [name, value] of Object.entries(servers)) {
    if (chosen.from === 'local' || chosen.from === 'docker' || !process.env[name]) process.env[name] = value;
  }
  return stop;
}

const start = async (chosen: Choice): Promise<Started> => {
  switch (chosen.from) {
    case 'env':
      return chosen;
    case 'docker':
      return startDockerServers();
    case 'local':
      return { servers: startLocalStack() };
    case 'docker or local':
      if (!(await dockerAnswers())) return { servers: startLocalStack() };
      return startDockerServers().catch((error: Error) => {
        console.warn(`${error.message}\nThe local stack is tried instead.`);
        return { servers: startLocalStack() };
      });
  }
};
