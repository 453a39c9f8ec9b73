import { z } from 'zod';
import type { Profile } from '../../application/ports/personal-store.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { DirectoryUnavailable, type UserDirectory } from '../../application/ports/user-directory.ts';
import type { UserId } from '../../domain/ids.ts';
import { userIdSchema, wireUserId } from '../../interface-adapters/amqp/user-id.ts';
import { BoundedCache } from '../system/bounded-cache.ts';

const answerSchema = z.array(z.object({ id: userIdSchema, username: z.string(), avatar_url: z.string().nullish() }));

const timeoutMs = 1_000;
const attempts = 3;
const maxBytes = 1024 * 1024;

/** The auth service (`POST /users/get-users-info`). Each try has its own time-out, tries are spread by jitter, answers are cached. */
export class HttpUserDirectory implements UserDirectory {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #cache = new BoundedCache<UserId, Profile>(10_000);

  constructor(baseUrl: string, clock: Clock, logger: Logger) {
    this.#url = new URL('users/get-users-info', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
    this.#clock = clock;
    this.#logger = logger;
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    const known = userIds.flatMap((id) => this.#cache.get(id) ?? []);
    const missing = userIds.filter((id) => this.#cache.get(id) === undefined);
    if (missing.length === 0) return known;
    const found = await this.#ask(missing);
    for (const profile of found) this.#cache.set(profile.userId, profile);
    return [...known, ...found];
  }

  async #ask(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#askOnce(userIds);
      } catch (error) {
        if (attempt === attempts) {
          this.#logger.warn({ err: error, url: this.#url.href, attempts }, 'the auth service does not tell names');
          throw new DirectoryUnavailable('the auth service does not answer', { cause: error });
        }
        await this.#clock.sleep(100 * 2 ** attempt * (0.5 + Math.random() / 2));
      }
    }
  }

  async #askOnce(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_ids: userIds.map(wireUserId) }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`it answered ${response.status}`);
    }
    const text = await response.text();
    if (text.length > maxBytes) throw new Error('its answer is too long');
    return answerSchema
      .parse(JSON.parse(text))
      .map(({ id, username, avatar_url }) => ({ userId: id, username, avatarUrl: avatar_url ?? '' }));
  }
}

/** No auth service is set: users are called by their ids. */
export const noUserDirectory: UserDirectory = { profiles: async () => [] };
