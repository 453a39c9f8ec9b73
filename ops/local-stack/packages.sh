# Programs that a server needs, from the distribution's packages.

# require_packages NAME PACKAGE…   Installs them when this is root on a Debian; else says what to install.
require_packages() {
  local name=$1
  shift
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "$name: something is missing. Install it with: sudo apt-get install --no-install-recommends $*"
  fi
  echo "$name: installing $*"
  install_packages "$stack_dir/$name-packages.log" "$@" ||
    fail_with_logs "$name: apt-get could not install $*" "$stack_dir/$name-packages.log"
}

# One at a time over all clones: packages are the machine's. apt's own locks are waited for, its list lock by trying again.
install_packages() (
  log=$1
  shift
  exec 8>/var/lock/chat-messaging-packages
  flock 8
  keep_services_from_starting
  export DEBIAN_FRONTEND=noninteractive
  for attempt in 1 2 3 4 5; do
    [ "$attempt" = 1 ] || sleep 10
    {
      apt-get update -q &&
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
    } >"$log" 2>&1 8>&- 9>&- </dev/null && exit 0
  done
  exit 1
)

# Debian starts a service when it is installed, on its well-known port. 101 from policy-rc.d forbids it. A machine that has such
# a file keeps its own; this one goes with the (sub)shell that made it.
keep_services_from_starting() {
  local policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}
