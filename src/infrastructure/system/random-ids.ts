import { randomUUID } from 'node:crypto';
import type { IdGenerator } from '../../application/ports/system.ts';

export const randomIds: IdGenerator = { random: () => randomUUID() };
