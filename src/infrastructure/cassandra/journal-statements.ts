/** Slots of a journal's ring. */
export const ringSlots = 256;

export const slotOf = (pos: number): number => pos % ringSlots;

/** Every statement that touches a journal. All conditions name what tells, when they fail, what happened: only the columns of the
 *  condition come back. */
export const journalQueries = {
  begin: `INSERT INTO journal (session, state, next_pos, done_pos, beat, instance) VALUES (?, 'open', 0, -1, 0, ?) IF NOT EXISTS`,
  append: `UPDATE journal SET next_pos = ?, done_pos = ?, pos = ?, payload = ? WHERE session = ? AND slot = ?
    IF state = 'open' AND next_pos = ?`,
  /** Conditioned on beat and position too: a copy that was given up on and arrives late must not move done_pos back. */
  beat: `UPDATE journal SET beat = ?, done_pos = ? WHERE session = ? IF state = 'open' AND beat = ? AND next_pos = ?`,
  fence: `UPDATE journal SET state = 'fenced' WHERE session = ? IF state = 'open' AND next_pos = ? AND beat = ?`,
  /** Nothing of a fenced session is undone any more. */
  finish: `UPDATE journal SET done_pos = ? WHERE session = ? IF state = 'fenced' AND next_pos = ?`,
  clear: 'DELETE FROM journal USING TIMESTAMP ? WHERE session = ? AND slot >= 0',
  session: 'SELECT DISTINCT session, state, next_pos, done_pos, beat, instance FROM journal WHERE session = ?',
  slot: 'SELECT pos, payload FROM journal WHERE session = ? AND slot = ?',
} as const;
