/** The siblings and their proxies call this service under this path. */
export const pathPrefix = '/messaging';

/** `/messaging/v1/chats` and `/v1/chats` are the same. */
export const withoutPathPrefix = (url: string): string => {
  if (!url.startsWith(pathPrefix)) return url;
  const rest = url.slice(pathPrefix.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : rest.startsWith('?') ? `/${rest}` : url;
};
