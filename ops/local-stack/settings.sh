# Where the local stack lives and on which ports. Sourced by every command; each value can be set in the environment.
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
stack_dir=$(realpath -m "${LOCAL_STACK_DIR:-$repository/.local-stack}")
# Shared by all clones of one user: the jars are 67 MB.
cache_dir=${LOCAL_STACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chat-messaging}

rabbitmq_port=${LOCAL_STACK_RABBITMQ_PORT:-5679}
rabbitmq_distribution_port=$((rabbitmq_port + 20000))
epmd_port=$((rabbitmq_port + 10000))

cassandra_version=5.0.8
cassandra_port=${LOCAL_STACK_CASSANDRA_PORT:-9049}
cassandra_storage_port=$((cassandra_port + 1000))
cassandra_heap=${LOCAL_STACK_CASSANDRA_HEAP:-1g}

# A folder with ca.pem, server.pem, server-key.pem, server.p12 and trust.p12 (password `chat-messaging`): then both servers speak TLS alone, ask
# clients for a certificate, and Cassandra asks for a user too.
tls_dir=${LOCAL_STACK_TLS_DIR:-}

# How long a server may take until it answers.
start_timeout_s=${LOCAL_STACK_START_TIMEOUT:-120}
