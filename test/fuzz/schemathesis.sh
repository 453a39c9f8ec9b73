#!/usr/bin/env bash
# Fuzzes the HTTP side of an embedded service of its own (a temporary folder, a free port) with schemathesis: all of its checks but one.
#   test/fuzz/schemathesis.sh [--inputs N] [--seed S] [--report FILE]
# Without --inputs two runs of 20 s; with it runs of two minutes, each with another seed, until so many requests were made, also when a
# check has failed: 100,000 take half an hour of two cores, as three runs side by side with seeds 1,000 apart. The seed is 1 unless one is given. Exit code 1 when a check failed. FILE: a report that
# .ci/count-tests.mjs counts, one test an operation. schemathesis is installed in SCHEMATHESIS_VENV.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"

version=4.32.5
inputs=0
seed=1
phases=examples,coverage,fuzzing,stateful
# The siblings' clients know 403 for no token (FastAPI's HTTPBearer); this check takes only 401, and the token is the only header that is
# required; ignored_auth looks at that.
excluded=missing_required_header
report=
while [ $# -gt 0 ]; do
  case $1 in
    --inputs) inputs=$2 ;;
    --seed) seed=$2 ;;
    --report) report=$2 ;;
    *) sed -n '3,5s/^# *//p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done

venv=${SCHEMATHESIS_VENV:-${TMPDIR:-/tmp}/chat-messaging-schemathesis-$version}
if [ ! -x "$venv/bin/st" ]; then
  ops/local-stack/need-python-venv.sh "$venv" || exit 1
  "$venv/bin/pip" install -q --disable-pip-version-check "schemathesis==$version" || exit 1
fi

# In memory where there is such a place: what is waited for otherwise is the disk's syncs, one for each command.
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
service=
trap 'kill -9 $service 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
key="a key for fuzzing, long enough for anybody"
url="http://127.0.0.1:$port"
env -i PATH="$PATH" HOME="$HOME" HTTP_PORT="$port" METRICS_PORT=0 DATA_DIR="$work/data" KEY="$key" LOG_LEVEL=error HTTP_REQUESTS_PER_USER=0 HTTP_REQUESTS_PER_ADDRESS=0 \
  node src/main.ts >"$work/service.log" 2>&1 &
service=$!
{ read -r token && read -r chats; } < <(node test/fuzz/seed.ts "$url" "$key")
if [ -z "${chats:-}" ]; then
  cat "$work/service.log" >&2
  echo "The service did not start." >&2
  exit 1
fi

# The same, with a chat that is there in every address: what lies behind a 404 is reached. Only with valid data: the address that
# is put in place of a broken one would make it valid again.
{
  cat test/fuzz/schemathesis.toml
  printf '\n[parameters]\n"path.chat_id" = "%s"\n"query.chat_id" = "%s"\n' "${chats%% *}" "${chats%% *}"
} >"$work/seeded.toml"
cp test/fuzz/schemathesis.toml "$work/free.toml"

total=0
code=0
run=0
# run_one CONFIG SECONDS MODE
run_one() {
  run=$((run + 1))
  (cd "$work" && "$venv/bin/st" --config-file "$1.toml" run "$url/openapi.json" --header "Authorization: Bearer $token" \
    --checks all --exclude-checks "$excluded" --phases "$phases" --mode "$3" --max-examples 200 --continue-on-failure --max-time "$2" --seed "$((seed + run))" --no-color --warnings off \
    --generation-database none --report junit --report-junit-path "$work/junit-$run.xml") >"$work/run-$run.txt" 2>&1
  local st=$?
  local made
  made=$(sed -n 's/^ *\([0-9][0-9,]*\) generated.*/\1/p' "$work/run-$run.txt" | tr -d , | tail -1)
  total=$((total + ${made:-0}))
  printf '%s (seed %s): %s inputs, exit code %s\n' "$1" "$((seed + run))" "${made:-no}" "$st"
  if [ "$st" != 0 ] || [ -z "$made" ]; then
    code=1
    cat "$work/run-$run.txt"
  fi
  if ! kill -0 "$service" 2>/dev/null; then
    echo "The service has ended:" >&2
    cat "$work/service.log" >&2
    exit 1
  fi
}

if [ "$inputs" = 0 ]; then
  # What CI sees is the same every time; sequences of requests (and other seeds) are for the long runs.
  phases=examples,coverage,fuzzing
  run_one seeded 20 positive
  run_one free 20 all
else
  # It asks everything once more without a token: the short runs do.
  excluded=$excluded,ignored_auth
  while [ "$total" -lt "$inputs" ]; do
    run_one seeded 120 positive
    run_one free 120 all
  done
fi

if [ -s "$work/service.log" ]; then
  echo "The service has logged errors:"
  head -c 4000 "$work/service.log"
  code=1
fi
[ -z "$report" ] || "$venv/bin/python" test/fuzz/junit-counts.py "$work"/junit-*.xml >"$report"
kill "$service"
wait "$service" || { echo "The service ended with $?." && code=1; }
service=
echo "$total inputs, $([ $code = 0 ] && echo nothing failed || echo 'something failed')"
exit $code
