#!/usr/bin/env bash
# The user `messaging` in the virtual host `messaging`, with what the service needs. Again: sets the permissions anew.
set -euo pipefail
rabbitmqctl=${RABBITMQCTL:-rabbitmqctl}
vhost=${VHOST:-messaging}

"$rabbitmqctl" add_vhost "$vhost" || true
"$rabbitmqctl" add_user messaging "${RABBITMQ_PASSWORD:?set RABBITMQ_PASSWORD}" || true
# configure: declares its own exchanges and queues, and what the siblings have not declared yet.
# write: publishes to them, to queues directly (amq.default) for replies, and binds its queues.
# read: consumes from its queues, and binds them to exchanges. It cannot read `delivery`.
"$rabbitmqctl" set_permissions -p "$vhost" messaging \
  '^(chat\.commands(\.[0-9]+)?|chat\.dead-letter(\.look)?|database(\.primary)?|delivery)$' \
  '^(chat\.commands(\.[0-9]+)?|chat\.dead-letter|database\.primary|delivery|amq\.default)$' \
  '^(chat\.commands(\.[0-9]+)?|chat\.dead-letter(\.look)?|database(\.primary)?)$'
