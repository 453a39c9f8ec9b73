import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceProcess } from './service-process.ts';

/** One chat of what a chat system does all day, refusals and repeats included, until it is over. `ask`s that fail are the caller's to notice. */
export const busyChat = async (service: ServiceProcess, over: () => boolean, pause: (n: number) => Promise<void>) => {
  const { id } = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json;
  for (let n = 0; !over(); n++) {
    await Promise.allSettled([
      service.ask(1, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `a-${n}`, body: 'one' }),
      service.ask(2, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `b-${n >> 1}`, body: 'two' }),
      service.ask(3, 'POST', `/v1/chats/${id}/messages`, { body: 'not a member' }),
      service.ask(2, 'PATCH', `/v1/chats/${id}`, { title: 'not allowed' }),
      service.ask(1, 'GET', `/v1/chats/${id}/messages`),
      service.ask(2, 'GET', `/v1/chats/${id}/messages`),
      service.ask(1, 'GET', '/v1/chats'),
    ]);
    await pause(n);
  }
};

/** The shipped policies and one rule more: a folder for POLICY_SHADOW_DIR that does not agree with what `busyChat` does. */
export const disagreeingPolicies = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shadow-'));
  cpSync(new URL('../../policies', import.meta.url), folder, { recursive: true });
  const rule = `@id("owners-only")\nforbid (principal, action == Action::"message:post", resource)\nunless { context.role == "owner" };\n`;
  writeFileSync(join(folder, 'owners-only.cedar'), rule);
  return folder;
};
