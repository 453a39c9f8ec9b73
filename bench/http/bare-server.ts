/** The floor of the transport: Fastify that sends a ready buffer, as long as a real page. */
import Fastify from 'fastify';

const { port, bytes } = JSON.parse(process.env.TASK!) as { port: number; bytes: number };
const body = Buffer.alloc(bytes, '{"items":[]}      ');
const app = Fastify({ logger: false });
app.get('/page/:id', async (_request, reply) => reply.type('application/json').send(body));
await app.listen({ host: '127.0.0.1', port });
process.send!('ready');
process.on('SIGTERM', () => process.exit(0));
