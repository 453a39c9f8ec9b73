/** What happened so far; read by telemetry. */
export type AmqpCounts = {
  /** Settlements of deliveries whose channel was gone. */
  staleSettles: number;
  /** Channels closed because a delivery was not settled for too long. */
  heldTooLong: number;
  forwarded: number;
  /** Messages moved from the siblings' queue to a shard's. */
  ingested: number;
  deadLettered: number;
  /** Events that no queue took. */
  unroutableEvents: number;
  /** Events sent again because an earlier one was not confirmed. */
  resentEvents: number;
};

export const noCounts = (): AmqpCounts => ({
  staleSettles: 0,
  heldTooLong: 0,
  forwarded: 0,
  ingested: 0,
  deadLettered: 0,
  unroutableEvents: 0,
  resentEvents: 0,
});
