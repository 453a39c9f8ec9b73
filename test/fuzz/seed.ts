/** Waits for the service, prints a token of user 1 and makes chats for the fuzz to find: seed.ts URL KEY → two lines, the token and the ids of the chats. */
import { userId } from '../../src/domain/ids.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import { until } from '../support/until.ts';

const [url = '', key = ''] = process.argv.slice(2);
const chats = 8;
const token = await issueToken(key, userId('1'), 24 * 3600);

const send = async (method: string, path: string, body?: object): Promise<{ id: string }> => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as { id: string };
};

const ready = () =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
await until(`${url}/readyz says that the service is ready`, ready, 60_000);

const ids: string[] = [];
for (let chat = 0; chat < chats; chat++) {
  const { id } = await send('POST', '/v1/chats', { kind: 'group', member_ids: [2, 3, 4], title: `Chat ${chat}` });
  ids.push(id);
  const path = `/v1/chats/${id}/messages`;
  for (let message = 1; message <= 5; message++) {
    await send('POST', path, { body: `text ${message}`, client_message_id: `seed-${message}` });
  }
  await send('PATCH', `${path}/1`, { body: 'another text' });
  await send('DELETE', `${path}/2`);
  await send('PUT', `${path}/3/reactions/${encodeURIComponent('👍')}`);
}
console.log(token);
console.log(ids.join(' '));
