import { createRequire } from 'node:module';
import type { ActorSystem } from '../../actors/kit/actor-system.ts';

/** nact's own list of systems; it exports none. */
const systems = createRequire(import.meta.url)('nact/lib/system-map.js') as {
  find(name: string): { readonly children: ReadonlyMap<string, { readonly name: string; stop(): void }> };
};

/** Nact's actors of a system that are spawned and not stopped. */
export const actorsOf = ({ ref }: ActorSystem): readonly { readonly name: string; stop(): void }[] => [
  ...systems.find((ref as unknown as { system: { name: string } }).system.name).children.values(),
];

/** Stops every actor of the system behind the back of who spawned it. */
export const killActors = (system: ActorSystem): void => {
  for (const actor of actorsOf(system)) actor.stop();
};
