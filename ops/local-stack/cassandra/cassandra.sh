# Cassandra from its Maven artifacts: one node, reachable from this machine only.
. "$stack_source/cassandra/jars.sh"
cassandra_dir=$stack_dir/cassandra
cassandra_pid=$cassandra_dir/cassandra.pid
cassandra_mark="-Dcassandra.storagedir=$cassandra_dir "

start_cassandra() {
  mkdir -p "$cassandra_dir/logs" "$cassandra_dir/triggers"
  local logs=("$cassandra_dir/logs/output.log" "$cassandra_dir/logs/system.log")
  if running "$cassandra_pid" "$cassandra_mark"; then
    cql_answers || wait_until_ready Cassandra cql_answers "$cassandra_pid" "$cassandra_mark" "${logs[@]}"
    echo "cassandra: already running, pid $(cat "$cassandra_pid"), 127.0.0.1:$cassandra_port"
    return
  fi
  require_java
  require_free_port cassandra "$cassandra_port" LOCAL_STACK_CASSANDRA_PORT
  require_free_port cassandra "$cassandra_storage_port" LOCAL_STACK_CASSANDRA_PORT
  require_jars
  rm -f "${logs[@]}"
  write_cassandra_settings
  local jamm=$jars_dir/jamm-0.4.0.jar
  launch "$cassandra_pid" "${logs[0]}" java @"$stack_source/cassandra/jvm.options" \
    -Xms"$cassandra_heap" -Xmx"$cassandra_heap" -javaagent:"$jamm" -Xbootclasspath/a:"$jamm" \
    -Dcassandra.config="file:$cassandra_dir/cassandra.yaml" -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.storagedir="$cassandra_dir" \
    -Dcassandra.triggers_dir="$cassandra_dir/triggers" -Dcassandra.logdir="$cassandra_dir/logs" \
    -Dlogback.configurationFile="$stack_source/cassandra/logback.xml" \
    -Dcassandra.native_transport_port="$cassandra_port" -Dcassandra.storage_port="$cassandra_storage_port" \
    -cp "$jars_dir/*" org.apache.cassandra.service.CassandraDaemon
  wait_until_ready Cassandra cql_answers "$cassandra_pid" "$cassandra_mark" "${logs[@]}"
  echo "cassandra: ready, pid $(cat "$cassandra_pid"), 127.0.0.1:$cassandra_port"
}

write_cassandra_settings() {
  cp "$stack_source/cassandra/cassandra.yaml" "$cassandra_dir/cassandra.yaml"
  [ -n "$tls_dir" ] || return 0
  cat >>"$cassandra_dir/cassandra.yaml" <<YAML

authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
client_encryption_options:
  enabled: true
  optional: false
  keystore: $tls_dir/server.p12
  keystore_password: chat-messaging
  require_client_auth: true
  truststore: $tls_dir/trust.p12
  truststore_password: chat-messaging
  store_type: PKCS12
YAML
}

stop_cassandra() { stop_process cassandra "$cassandra_pid" "$cassandra_mark"; }

# 17 is what Cassandra 5.0 supports; later ones may do.
require_java() {
  if ! command -v java >/dev/null; then require_packages cassandra openjdk-17-jre-headless; fi
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ] ||
    fail "cassandra: needs Java 17, and \`java\` here is ${version:-unknown}. Put a Java 17 first in PATH (Debian: openjdk-17-jre-headless)."
}
