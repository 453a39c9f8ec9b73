import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        // `npm test`: nothing but Node.
        test: {
          name: 'quick',
          include: [
            'test/unit/**/*.test.ts',
            'test/contract/*.test.ts',
            'test/actors/**/*.test.ts',
            'test/architecture/*.test.ts',
            'test/e2e/embedded*.test.ts',
            'test/e2e/attacks*.test.ts',
          ],
        },
      },
      {
        // `npm run test:simulation`: the real actors and the real Cassandra adapter in virtual time.
        test: { name: 'simulation', include: ['test/simulation/*.test.ts'], testTimeout: 120_000 },
      },
      {
        // `npm run test:tls`: a RabbitMQ and a Cassandra of its own, with certificates and users.
        test: { name: 'tls', include: ['test/tls/*.test.ts'] },
      },
      {
        // `npm run test:servers`: a real RabbitMQ and a real Cassandra, which all files share, so one file at a time.
        test: {
          name: 'servers',
          include: ['test/integration/**/*.test.ts', 'test/e2e/servers*.test.ts'],
          globalSetup: 'test/support/servers.setup.ts',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
