# RabbitMQ from the distribution's package, as a node of its own: own name, ports, cookie, data and plugins. A broker that the
# machine runs already is neither used nor touched.
rabbitmq_dir=$stack_dir/rabbitmq
rabbitmq_pid=$rabbitmq_dir/rabbitmq.pid
rabbitmq_log=$rabbitmq_dir/output.log
rabbitmq_mark="-local_stack $rabbitmq_dir "
epmd_pid=$rabbitmq_dir/epmd.pid
epmd_mark="-port $epmd_port"

# Not /usr/sbin/rabbitmq-server: Debian's wrapper changes to the user rabbitmq, whom this data folder does not belong to.
rabbitmq_bin=/usr/lib/rabbitmq/bin

start_rabbitmq() {
  mkdir -p "$rabbitmq_dir/log"
  if running "$rabbitmq_pid" "$rabbitmq_mark"; then
    amqp_answers || wait_until_ready RabbitMQ amqp_answers "$rabbitmq_pid" "$rabbitmq_mark" "$rabbitmq_log"
    echo "rabbitmq: already running, pid $(cat "$rabbitmq_pid"), 127.0.0.1:$rabbitmq_port"
    return
  fi
  [ -x "$rabbitmq_bin/rabbitmq-server" ] || require_packages rabbitmq rabbitmq-server
  require_free_port rabbitmq "$rabbitmq_port" LOCAL_STACK_RABBITMQ_PORT
  require_free_port rabbitmq "$rabbitmq_distribution_port" LOCAL_STACK_RABBITMQ_PORT
  write_rabbitmq_settings
  start_epmd
  (
    rabbitmq_environment
    launch "$rabbitmq_pid" "$rabbitmq_log" "$rabbitmq_bin/rabbitmq-server"
  )
  wait_until_ready RabbitMQ amqp_answers "$rabbitmq_pid" "$rabbitmq_mark" "$rabbitmq_log"
  echo "rabbitmq: ready, pid $(cat "$rabbitmq_pid"), 127.0.0.1:$rabbitmq_port"
}

stop_rabbitmq() {
  stop_process rabbitmq "$rabbitmq_pid" "$rabbitmq_mark"
  stop_process epmd "$epmd_pid" "$epmd_mark" >/dev/null
}

# Erlang's name service. Started here, not by the node: that one would become a daemon without a pid file, on all addresses.
start_epmd() {
  running "$epmd_pid" "$epmd_mark" && return
  require_free_port rabbitmq "$epmd_port" LOCAL_STACK_RABBITMQ_PORT
  launch "$epmd_pid" "$rabbitmq_dir/epmd.log" epmd -address 127.0.0.1 -port "$epmd_port"
  for ((i = 0; i < 50; i++)); do
    port_is_open "$epmd_port" && return
    sleep 0.1
  done
  fail_with_logs "rabbitmq: epmd does not listen on port $epmd_port" "$rabbitmq_dir/epmd.log"
}

write_rabbitmq_settings() {
  cp "$stack_source/rabbitmq/enabled_plugins" "$rabbitmq_dir/enabled_plugins"
  : >"$rabbitmq_dir/empty.conf"
  cat >"$rabbitmq_dir/rabbitmq.conf" <<CONF
log.file.level = info
CONF
  if [ -z "$tls_dir" ]; then
    echo "listeners.tcp.1 = 127.0.0.1:$rabbitmq_port" >>"$rabbitmq_dir/rabbitmq.conf"
    return
  fi
  cat >>"$rabbitmq_dir/rabbitmq.conf" <<CONF
listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:$rabbitmq_port
ssl_options.cacertfile = $tls_dir/ca.pem
ssl_options.certfile = $tls_dir/server.pem
ssl_options.keyfile = $tls_dir/server-key.pem
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
CONF
}

# Also what rabbitmqctl needs to find the node.
rabbitmq_environment() {
  export HOME=$rabbitmq_dir # the cookie's place
  export ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1
  export RABBITMQ_NODENAME=chat-messaging-$rabbitmq_port@localhost
  export RABBITMQ_DIST_PORT=$rabbitmq_distribution_port
  export RABBITMQ_CONF_ENV_FILE=$rabbitmq_dir/empty.conf # instead of the machine's own
  export RABBITMQ_CONFIG_FILE=$rabbitmq_dir/rabbitmq
  export RABBITMQ_ADVANCED_CONFIG_FILE=$rabbitmq_dir/none.config
  export RABBITMQ_ENABLED_PLUGINS_FILE=$rabbitmq_dir/enabled_plugins
  export RABBITMQ_MNESIA_BASE=$rabbitmq_dir/data RABBITMQ_LOG_BASE=$rabbitmq_dir/log
  export RABBITMQ_GENERATED_CONFIG_DIR=$rabbitmq_dir/config
  # ALLOW_INPUT makes the script become the node instead of its parent: the pid is the node's, SIGTERM stops it in order.
  export RABBITMQ_ALLOW_INPUT=1
  export RABBITMQ_SERVER_START_ARGS="-noinput -local_stack $rabbitmq_dir -kernel inet_dist_use_interface {127,0,0,1}"
}
