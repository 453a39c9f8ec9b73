import type { FastifyInstance } from 'fastify';
import type { Telemetry } from '../../application/ports/telemetry.ts';

/** Times every request. The route is its pattern, never its path: ids would make a series each. */
export const measureRequests = (app: FastifyInstance, telemetry: Telemetry): void => {
  app.addHook('onResponse', async (request, reply) => {
    const ms = reply.elapsedTime;
    const { method } = request;
    telemetry.record('httpDuration', ms / 1000, {
      'http.request.method': method,
      'http.route': request.routeOptions.url ?? 'none',
      'http.response.status_code': reply.statusCode,
    });
    telemetry.record('httpDurationMs', ms, {
      http_server_name: serverName,
      http_status_code: reply.statusCode,
      http_method: method,
    });
  });
};

/** What the siblings' proxy calls this service, and their dashboard asks for. */
const serverName = 'messaging_backend';
