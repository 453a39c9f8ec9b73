import cors from '@fastify/cors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
  type onRequestHookHandler,
} from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../application/ports/chat-reader.ts';
import type { CommandSender } from '../../application/ports/command-sender.ts';
import type { PersonalStore } from '../../application/ports/personal-store.ts';
import type { PolicyBook } from '../../application/ports/policy-book.ts';
import type { PolicyDecisionPoint } from '../../application/ports/policy-decision-point.ts';
import type { Clock, IdGenerator } from '../../application/ports/system.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import type { UserDirectory } from '../../application/ports/user-directory.ts';
import { chatOfUsers } from '../../application/use-cases/chat-of-users.ts';
import { createChat } from '../../application/use-cases/create-chat.ts';
import { eraseUser } from '../../application/use-cases/erase-user.ts';
import { explainAccess, explainDecision } from '../../application/use-cases/explain.ts';
import { getChat } from '../../application/use-cases/get-chat.ts';
import { checkIntegrity, getOutcome } from '../../application/use-cases/inspect-chat.ts';
import { listChats } from '../../application/use-cases/list-chats.ts';
import { namesOf } from '../../application/use-cases/names.ts';
import { readChanges } from '../../application/use-cases/read-changes.ts';
import { readHistory, readMessage, readReactions, readVersions } from '../../application/use-cases/read-history.ts';
import { getReadMarker, moveReadMarker } from '../../application/use-cases/read-marker.ts';
import { runCommand } from '../../application/use-cases/run-command.ts';
import { clientMessageId } from '../../domain/ids.ts';
import { eraseUserMessages } from '../../interface-adapters/amqp/message-commands.ts';
import { readOutcome } from '../../interface-adapters/http/outcome-json.ts';
import { authenticate } from './authentication.ts';
import { chatRoutes } from './chats.route.ts';
import { erasureRoutes } from './erasure.route.ts';
import { answerBrokenRequest, answerError, answerErrors, refuseOtherMethods } from './error-handling.ts';
import { type Checks, healthRoutes } from './health.route.ts';
import * as limits from './limits.ts';
import { logRoutes } from './log.route.ts';
import { memberRoutes } from './members.route.ts';
import { oneMessageRoutes } from './message.route.ts';
import { messageRoutes } from './messages.route.ts';
import { describeRoutes } from './openapi.ts';
import { withoutPathPrefix } from './path-prefix.ts';
import { policyRoutes } from './policy.route.ts';
import { type RequestsPerMinute, rateLimits } from './rate-limits.ts';
import { limitRequests } from './request-limits.ts';
import { measureRequests } from './request-metrics.ts';
import { seedRoutes } from './seed/seed.route.ts';
import { type TokenRules, type TokenVerifier, tokenVerifier } from './verify-token.ts';

export type AppDeps = {
  readonly sender: CommandSender;
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  readonly directory: UserDirectory;
  readonly policy: PolicyDecisionPoint;
  readonly policyBook: PolicyBook;
  readonly ids: IdGenerator;
  readonly clock: Clock;
  readonly auth: TokenRules;
  /** Addresses whose word about where a request came from is taken; none by default. */
  readonly trustProxy?: readonly string[];
  /** No limits by default. */
  readonly requestsPerMinute?: RequestsPerMinute;
  /** Origins that browsers may call from; `*` for all, none for no CORS at all. */
  readonly corsOrigins: readonly string[];
  /** What /readyz asks, by the name it is answered under. */
  readonly checks: Checks;
  /** pino's, or one like it. */
  readonly logger: FastifyBaseLogger;
  readonly telemetry: Telemetry;
  /** Other than those of limits.ts. */
  readonly timeoutsMs?: Partial<limits.Timeouts>;
};

/** The whole HTTP side, not listening: see server.ts, or use `inject`. */
export const buildApp = (deps: AppDeps): FastifyInstance => {
  const app = Fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => deps.ids.random(),
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: timeoutsOf(deps).request,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: timeoutsOf(deps).request,
      requestTimeout: timeoutsOf(deps).request,
      connectionsCheckingInterval: Math.min(limits.timeoutCheckMs, timeoutsOf(deps).request),
    },
    trustProxy: deps.trustProxy?.length ? [...deps.trustProxy] : false,
    connectionTimeout: limits.connectionTimeoutMs,
    handlerTimeout: timeoutsOf(deps).handler,
    // A request that came before the end is served: nothing it needs is closed before the app is.
    return503OnClosing: false,
    rewriteUrl: (request) => withoutPathPrefix(request.url ?? '/'),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  });
  void app.register(messagingApi(deps));
  return app;
};

const timeoutsOf = ({ timeoutsMs }: AppDeps): limits.Timeouts => ({ ...limits.timeoutsMs, ...timeoutsMs });

const messagingApi = (deps: AppDeps): FastifyPluginAsync => {
  const plugin: FastifyPluginAsync = async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    // Answers are made by typed functions, and the tests hold them against their schemas: not checked again at run time.
    app.setSerializerCompiler(() => JSON.stringify);
    app.removeContentTypeParser('text/plain');
    app.decorateRequest('userId');
    app.decorateRequest('clientMessageId', undefined);
    answerErrors(app);

    app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
    measureRequests(app, deps.telemetry);
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url;
      request.log.debug({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime }, 'answered');
    });
    await limitRequests(app);
    const { byAddress, byUser } = await rateLimits(app, deps.requestsPerMinute ?? { perUser: 0, perAddress: 0 });
    if (deps.corsOrigins.length > 0) {
      const origin = deps.corsOrigins.includes('*') ? '*' : [...deps.corsOrigins];
      await app.register(cors, { origin, exposedHeaders: ['idempotency-replayed', 'retry-after', 'x-request-id'] });
    }

    await describeRoutes(app);
    const routes = new Map<string, Set<string>>();
    app.addHook('onRoute', ({ url, method }) => {
      const known = routes.get(url) ?? routes.set(url, new Set()).get(url)!;
      for (const one of [method].flat()) known.add(one);
    });
    await app.register(healthRoutes(deps.checks, timeoutsOf(deps).check, deps.logger));
    const verify = tokenVerifier(deps.auth, deps.logger);
    await app.register(async (limited) => {
      limited.addHook('onRequest', byAddress);
      await limited.register(v1(deps, verify, byUser), { prefix: '/v1' });
      await limited.register(seed(deps, verify, byUser));
    });
    refuseOtherMethods(app, routes);
  };
  // Hooks, decorators and error handlers are the whole app's, not of a scope inside it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
};

const v1 =
  (deps: AppDeps, verify: TokenVerifier, limitUser: onRequestHookHandler): FastifyPluginAsync =>
  async (app) => {
    app.addHook('onRequest', authenticate(verify));
    app.addHook('onRequest', limitUser);
    const { sender, reader, personal, policy, clock } = deps;
    const reads = { reader, policy, clock };
    const commands = {
      runCommand: runCommand({ sender, readOutcome }),
      ids: deps.ids,
      commandTimeoutMs: timeoutsOf(deps).command,
    };
    await app.register(
      chatRoutes({
        createChat: createChat({ sender, reader, readOutcome }),
        getChat: getChat(reads),
        listChats: listChats(reads),
        ...commands,
      }),
    );
    await app.register(memberRoutes({ getChat: getChat(reads), ...commands }));
    await app.register(messageRoutes({ readHistory: readHistory(reads), ...commands }));
    await app.register(
      oneMessageRoutes({
        readMessage: readMessage(reads),
        readVersions: readVersions(reads),
        readReactions: readReactions(reads),
        ...commands,
      }),
    );
    await app.register(
      logRoutes({
        readChanges: readChanges(reads),
        getReadMarker: getReadMarker(reads),
        moveReadMarker: moveReadMarker({ ...reads, personal }),
        getOutcome: getOutcome(reads),
        checkIntegrity: checkIntegrity(reads),
      }),
    );
    const { catalogue, telemetry, ids } = deps;
    await app.register(
      erasureRoutes({
        eraseUser: eraseUser({
          catalogue,
          reader,
          personal,
          runCommand: commands.runCommand,
          eraseCommand: (chatId, userId, seqs) =>
            eraseUserMessages(chatId, clientMessageId(`erasure-${ids.random()}`), { userId, seqs }),
          clock,
          telemetry,
        }),
      }),
    );
    await app.register(
      policyRoutes({
        explainAccess: explainAccess({ ...reads, book: deps.policyBook }),
        explainDecision: explainDecision({ ...reads, book: deps.policyBook }),
      }),
    );
  };

const seed = (deps: AppDeps, verify: TokenVerifier, limitUser: onRequestHookHandler): FastifyPluginAsync => {
  const { sender, reader, personal, directory, policy, clock } = deps;
  const reads = { reader, policy, clock };
  return seedRoutes({
    verify,
    limitUser,
    chatOfUsers: chatOfUsers({ reader, runCommand: runCommand({ sender, readOutcome }) }),
    getChat: getChat(reads),
    listChats: listChats(reads),
    readHistory: readHistory(reads),
    namesOf: namesOf({ personal, directory }),
    personal,
    reader,
    commandTimeoutMs: timeoutsOf(deps).command,
  });
};
