import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { noTelemetry } from '../../../src/application/ports/telemetry.ts';
import { userId } from '../../../src/domain/ids.ts';
import { type AppDeps, buildApp } from '../../../src/infrastructure/http/app.ts';
import { issueToken } from '../../../src/infrastructure/http/issue-token.ts';
import { randomIds } from '../../../src/infrastructure/system/random-ids.ts';
import { realClock } from '../test-cell.ts';
import { type FakePorts, fakePorts } from './fake-ports.ts';

export const testKey = 'a key that only the tests know, 32+ bytes';

export type TestApp = {
  readonly app: FastifyInstance;
  readonly ports: FakePorts;
  /** A request as this user. */
  readonly as: (user: string | number, request: InjectOptions) => Promise<LightMyRequestResponse>;
};

export const testApp = (changes: Partial<AppDeps> = {}): TestApp => {
  const ports = fakePorts();
  const { sender, reader, personal, catalogue, directory, policy } = ports;
  const app = buildApp({
    sender,
    reader,
    personal,
    catalogue,
    directory,
    policy,
    policyBook: { hash: 'q0Zt3m9A', rules: [{ id: 'members-write', effect: 'permit', place: 'messages.cedar:3' }] },
    clock: realClock,
    ids: randomIds,
    auth: { keys: { shared: testKey }, algorithm: 'HS256' },
    corsOrigins: [],
    checks: {},
    logger: pino({ level: 'silent' }),
    telemetry: noTelemetry,
    ...changes,
  });
  return {
    app,
    ports,
    as: async (user, request) => {
      const token = await issueToken(testKey, userId(String(user)), 60);
      return app.inject({ ...request, headers: { authorization: `Bearer ${token}`, ...request.headers } });
    },
  };
};

/** A group of users 1 and 2; resolves with its id. */
export const groupOfTwo = async ({ as }: TestApp): Promise<string> => {
  const made = await as(1, { method: 'POST', url: '/v1/chats', payload: { kind: 'group', member_ids: [2] } });
  return made.json().id;
};

export const post = ({ as }: TestApp, user: number, chatId: string, payload: object): Promise<LightMyRequestResponse> =>
  as(user, { method: 'POST', url: `/v1/chats/${chatId}/messages`, payload });
