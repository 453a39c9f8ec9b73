# The service as an image: its production dependencies and the sources as they are. Node runs TypeScript natively, so nothing is
# built, and nothing compiles either: the policy engine is WebAssembly, SQLite is Node's own.
# The image's Node is the base's; the development package `node` is for machines that have an older one.
ARG NODE_IMAGE=node:26-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
# What serves installs nothing. /data (the embedded store) and /keys (docker-compose.yaml) are for volumes: a new one takes its owner from here.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && install -d -o node -g node /data /keys
WORKDIR /app
ENV NODE_ENV=production HTTP_HOST=0.0.0.0 DATA_DIR=/data
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
USER node
EXPOSE 8002 9464
# Alive, not ready: a server that is away is no reason to restart this one. Readiness is /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 8002}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node gets the signals itself and stops within 25 seconds (src/lifecycle.ts): allow 30 (`docker stop --time 30`).
# The options are those of `npm start`: docs/operations.md says why.
CMD ["node", "--min-semi-space-size=128", "--max-semi-space-size=128", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "src/main.ts"]
