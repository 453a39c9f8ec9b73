#!/usr/bin/env bash
# stack.sh up|down|status|env: RabbitMQ and Cassandra for tests, without containers. See README.md.
set -euo pipefail
stack_source=$(cd "$(dirname "$0")" && pwd)
for part in settings processes ports packages rabbitmq/rabbitmq cassandra/cassandra; do . "$stack_source/$part.sh"; done

# Two commands on one stack wait for each other.
alone() {
  # RabbitMQ's start script splits its arguments at blanks.
  [[ $stack_dir != *[[:space:]]* ]] || fail "The folder $stack_dir has a blank in its name. Set LOCAL_STACK_DIR to one without."
  mkdir -p "$stack_dir" || fail "The folder $stack_dir cannot be written. Set LOCAL_STACK_DIR to one that can."
  exec 9>"$stack_dir/.lock"
  flock 9
}

# Both at once: each spends most of its start waiting. What did come up stays up; a second `up` adds the rest.
up() {
  alone
  local failed=0 rabbitmq cassandra
  start_rabbitmq &
  rabbitmq=$!
  start_cassandra &
  cassandra=$!
  wait "$rabbitmq" || failed=1
  wait "$cassandra" || failed=1
  return "$failed"
}

down() {
  alone
  stop_rabbitmq &
  stop_cassandra &
  wait
}

status() {
  local failed=0
  report rabbitmq "$rabbitmq_pid" "$rabbitmq_mark" amqp_answers "$rabbitmq_port" || failed=1
  report cassandra "$cassandra_pid" "$cassandra_mark" cql_answers "$cassandra_port" || failed=1
  return "$failed"
}

# report NAME PID_FILE MARK PROBE PORT
report() {
  running "$2" "$3" || { echo "$1: not running"; return 1; }
  "$4" || { echo "$1: pid $(cat "$2") runs, 127.0.0.1:$5 does not answer"; return 1; }
  echo "$1: running, pid $(cat "$2"), 127.0.0.1:$5"
}

# For `eval "$(npm run -s stack:env)"`.
env() {
  echo "export RABBITMQ_URL=amqp://guest:guest@127.0.0.1:$rabbitmq_port"
  echo "export CASSANDRA_CONTACT_POINTS=127.0.0.1:$cassandra_port"
  echo "export CASSANDRA_LOCAL_DATACENTER=datacenter1"
}

case ${1:-} in
  up | down | status | env) "$1" ;;
  *) fail "usage: stack.sh up|down|status|env" ;;
esac
