/** FNV-1a over the chat id's UTF-16 units. Only a suggestion: the chat's home, recorded when it is created, decides. */
export const suggestShard = (chatId: string, shardCount: number): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < chatId.length; i++) {
    hash = Math.imul(hash ^ chatId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % shardCount;
};
