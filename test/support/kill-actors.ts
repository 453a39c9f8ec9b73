import { createRequire } from 'node:module';
import type { ActorSystem } from '../../actors/kit/actor-system.ts';

/** nact's own list of systems; it exports none. */
const systems = createRequire(import.meta.url)('nact/lib/system-map.js') as {
  find(name: string): { readonly children: ReadonlyMap<string, { stop(): void }> };
};

/** Stops every actor of the system behind the back of who spawned it. */
export const killActors = ({ ref }: ActorSystem): void => {
  for (const actor of [...systems.find((ref as unknown as { system: { name: string } }).system.name).children.values()])
    actor.stop();
};
