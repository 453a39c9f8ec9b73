import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';

/** The Logger port with pino's `child` and levels, for those who may not know pino. */
export type ServiceLogger = PinoLogger;

const secrets = ['token', 'password', 'key', 'body'];

/** JSON lines on stdout. It satisfies the Logger port and is what Fastify takes as `loggerInstance`. */
export const createLogger = (
  { level, instanceId }: { level: string; instanceId: string },
  destination?: DestinationStream,
): ServiceLogger =>
  pino(
    {
      level,
      base: { service: 'chat-messaging', instance: instanceId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // The last line of defence: nobody should pass these in the first place.
      redact: {
        paths: [
          'authorization',
          'headers.authorization',
          'req.headers.authorization',
          ...secrets,
          ...secrets.map((name) => `*.${name}`),
        ],
        censor: '[redacted]',
      },
    },
    destination ?? pino.destination(1),
  );
