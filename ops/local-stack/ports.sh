# What a port of this machine answers.

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# require_free_port NAME PORT VARIABLE
require_free_port() {
  port_is_open "$2" && fail "$1: port $2 is taken by another program. Stop that one, or set $3 to another port."
  return 0
}

# answers PORT REQUEST BYTES EXPECTED   Sends a request (printf escapes) and compares the first bytes of the reply, in hex.
answers() {
  local reply
  reply=$(
    exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1" || exit
    printf "$2" >&3
    timeout 2 head -c "$3" <&3 | od -An -tx1 | tr -d ' \n'
  )
  [ "$reply" = "$4" ]
}

# The protocol header AMQP 0-9-1 must come back as a method frame on channel 0: connection.start.
amqp_answers() {
  if [ -n "$tls_dir" ]; then tls_listens "$rabbitmq_port"; else plain_amqp_answers; fi
}
plain_amqp_answers() { answers "$rabbitmq_port" 'AMQP\x00\x00\x09\x01' 3 010000; }

# An OPTIONS frame of protocol v4 must come back as SUPPORTED (opcode 6).
cql_answers() {
  if [ -n "$tls_dir" ]; then tls_listens "$cassandra_port"; else plain_cql_answers; fi
}
plain_cql_answers() { answers "$cassandra_port" '\x04\x00\x00\x00\x05\x00\x00\x00\x00' 5 8400000006; }

# Whoever shows a certificate signed by the stack's CA speaks TLS; what it speaks inside is not asked.
tls_listens() {
  timeout 3 openssl s_client -connect "127.0.0.1:$1" -CAfile "$tls_dir/ca.pem" </dev/null 2>/dev/null | grep -q "Verify return code: 0"
}
