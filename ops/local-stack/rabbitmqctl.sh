#!/usr/bin/env bash
# rabbitmqctl for the local stack's node: ops/local-stack/rabbitmqctl.sh list_queues
set -euo pipefail
stack_source=$(cd "$(dirname "$0")" && pwd)
. "$stack_source/settings.sh"
. "$stack_source/rabbitmq/rabbitmq.sh"
rabbitmq_environment
exec "$rabbitmq_bin/rabbitmqctl" "$@"
