# Servers as processes that this stack started, known by a pid file and by a text on their command line that no other process
# has. A pid file alone proves nothing: the number may belong to somebody else by now.

# running PID_FILE MARK
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && { tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$2"; } 2>/dev/null
}

# launch PID_FILE LOG COMMAND…   In a session of its own, so that it outlives the terminal and its Ctrl-C.
launch() {
  local pid_file=$1 log=$2
  shift 2
  # Descriptor 9 is the lock of `up`: a server that inherited it would hold it for as long as it lives.
  setsid "$@" >"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$pid_file"
}

# stop_process NAME PID_FILE MARK
stop_process() {
  local name=$1 pid_file=$2 mark=$3 pid
  if ! running "$pid_file" "$mark"; then
    rm -f "$pid_file"
    echo "$name: not running"
    return
  fi
  pid=$(cat "$pid_file")
  kill -TERM "$pid" 2>/dev/null || true
  for ((i = 0; i < 150; i++)); do
    if ! running "$pid_file" "$mark"; then
      rm -f "$pid_file"
      echo "$name: stopped"
      return
    fi
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$pid_file"
  echo "$name: did not stop within 30 s and was killed (pid $pid)"
}

# wait_until_ready NAME PROBE PID_FILE MARK LOG…   Fails with the logs' ends.
wait_until_ready() {
  local name=$1 probe=$2 pid_file=$3 mark=$4
  shift 4
  local deadline=$((SECONDS + start_timeout_s))
  until "$probe"; do
    # The command line is not there yet in the first instants of a process.
    if ! running "$pid_file" "$mark" && ! { sleep 0.5 && running "$pid_file" "$mark"; }; then
      rm -f "$pid_file"
      fail_with_logs "$name ended while it was starting" "$@"
    fi
    ((SECONDS < deadline)) ||
      fail_with_logs "$name does not answer after $start_timeout_s s (pid $(cat "$pid_file"), left running; LOCAL_STACK_START_TIMEOUT allows more)" "$@"
    sleep 0.2
  done
}

fail() {
  echo "$1" >&2
  exit 1
}

fail_with_logs() {
  local sentence=$1 log
  shift
  {
    echo "$sentence"
    for log in "$@"; do
      [ -s "$log" ] || continue
      echo "--- the end of $log"
      tail -n 25 "$log"
    done
  } >&2
  exit 1
}
