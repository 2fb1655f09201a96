#!/bin/sh
# Acts on one instance: whatever changes its files or its processes is this shell, never the service that started it.
#
# It acts under the lock on the instance's fence file, see lock.sh.
#
#   fenced.sh ACTION ROOT INSTANCE EPOCH          (epoch 0: the highest seen, for a person's explicit command)
#
# The environment has SLIPWAY_OWNER (installation), and by action SLIPWAY_TEMPLATE, SLIPWAY_SPARES (beginning of the
# paths of its spare copies), SLIPWAY_SEGMENT, SLIPWAY_POSTGRES, SLIPWAY_PORT, SLIPWAY_HOSTS, SLIPWAY_AS (prefix that drops root), SLIPWAY_UID,
# SLIPWAY_BLIND (not empty where root may not look into other users' processes), SLIPWAY_ROTATE, SLIPWAY_PATIENCE.
# Lines of output that begin with "=" are results, all others are complaints of the tools used.
set -u
umask 077
LC_ALL=C
export LC_ALL

NOT_CREATED=74

action=$1
root=$2
instance=$3
subject=$instance
epoch=$4
home=$root/$instance
data=$home/data
as=${SLIPWAY_AS-}

. "${0%/*}/lock.sh"

# The processes that live in the instance's folder, the dead but unreaped not among them. Where root may not look into
# other users' processes, the user the servers run as still may.
inhabitants() {
  ${1-} ls -l /proc/[0-9]*/cwd 2> /dev/null | grep -F -- "-> $home/" | while read -r line; do
    line=${line#*/proc/}
    printf '%s ' "${line%%/*}"
  done
}

everyone() {
  inhabitants
  [ -z "${SLIPWAY_BLIND-}" ] || inhabitants "$as"
}

# Ends every process of the instance. A living postmaster would replace its children, so it looks until none is left.
clear_processes() {
  looks=0
  while pids=$(everyone) && [ -n "$pids" ]; do
    looks=$((looks + 1))
    if [ "$looks" -gt 500 ]; then
      echo "processes survive SIGKILL: $pids"
      exit "$SURVIVOR"
    fi
    # shellcheck disable=SC2086
    kill -KILL $pids 2> /dev/null
    sleep 0.01
  done
}

check_owner() {
  if [ -s "$home/owner" ]; then
    read -r owner < "$home/owner"
    [ "$owner" = "$SLIPWAY_OWNER" ] || exit "$FOREIGN"
  fi
}

# Sets postmaster when a living one works in the data directory, and status to what it says of itself.
find_postmaster() {
  postmaster=
  status=
  [ -f "$data/postmaster.pid" ] || return 1
  number=0
  while read -r line; do
    number=$((number + 1))
    case $number in
      1) candidate=$line ;;
      8) status=${line%% *} ;;
    esac
  done < "$data/postmaster.pid"
  [ -n "${candidate-}" ] && look_at "$candidate" && [ "$state" != Z ] || return 1
  case " $(everyone) " in
    *" $candidate "*) postmaster=$candidate ;;
    *) return 1 ;;
  esac
}

# Waits until a process is gone or a zombie, at most so many hundredths of a second.
await_end() {
  waits=0
  while look_at "$1" && [ "$state" != Z ]; do
    [ "$waits" -lt "$2" ] || return 1
    waits=$((waits + 1))
    sleep 0.01
  done
}

give_up() {
  rm -rf "$data"
  exit 1
}

# A copy is complete when it says so, or when a server ever ran on it: then it is somebody's data.
complete() {
  [ -e "$home/complete" ] || [ -e "$data/postmaster.opts" ]
}

# Takes a copy that was made beforehand, if there is one. Of two that want the same, one gets it.
take_spare() {
  [ -n "${SLIPWAY_SPARES-}" ] || return 1
  for spare in "$SLIPWAY_SPARES".*; do
    ! mv -T "$spare" "$data" 2> /dev/null || return 0
  done
  return 1
}

create() {
  check_owner
  ! complete || return 0
  [ -d "$home" ] || mkdir -m 711 "$home" || exit 1
  # Written first, so that whatever else is found here says whose it is.
  printf '%s\n' "$SLIPWAY_OWNER" > "$home/owner" || give_up
  [ ! -e "$data" ] || rm -rf "$data"
  take_spare || cp -a --reflink=auto "$SLIPWAY_TEMPLATE/data" "$data" || give_up
  dd of="$data/global/pg_control" bs=8192 count=1 iflag=fullblock conv=notrunc status=none || give_up
  dd of="$data/pg_wal/$SLIPWAY_SEGMENT" bs=8 seek=3 count=1 iflag=fullblock conv=notrunc status=none || give_up
  # A service that was killed while it wrote would have left a part of this, which nothing else gives away.
  read -r line && [ "$line" = . ] || give_up
  # The mark may be lost with the power, what it vouches for may not.
  sync -f "$data" || give_up
  : > "$home/complete" || give_up
}

# Copies lines of standard input, up to one that is a single dot, into a file; fails when that one does not come.
receive() {
  while IFS= read -r line; do
    [ "$line" != . ] || return 0
    printf '%s\n' "$line" || return 1
  done > "$1"
  return 1
}

start() {
  [ -d "$data" ] || exit "$NOT_CREATED"
  check_owner
  if find_postmaster && [ "$status" != stopping ]; then
    look_at "$postmaster"
    echo "=running $postmaster $start"
    return 0
  fi
  clear_processes
  # Nobody lives here any more, so the number in this file is a dead one's or, reused, somebody else's.
  [ ! -e "$data/postmaster.pid" ] || rm -f "$data/postmaster.pid"
  receive "$data/server.crt" || exit 1
  receive "$data/server.key" || exit 1
  [ -z "$as" ] || chown "$SLIPWAY_UID:$SLIPWAY_UID" "$data/server.crt" "$data/server.key" || exit 1
  [ -z "$SLIPWAY_ROTATE" ] || mv "$home/log" "$home/log.old"
  # It works in the data directory before it lets go of the lock and leaves the session: at every moment one of the
  # three gives it away.
  (
    cd "$data" && exec 9>&- && exec setsid $as "$SLIPWAY_POSTGRES" -D "$data" \
      -c "port=$SLIPWAY_PORT" -c "listen_addresses=$SLIPWAY_HOSTS" -c "cluster_name=$instance" \
      < /dev/null >> "$home/log" 2>&1
  ) &
  launched=$!
  look_at "$launched" || start=0
  echo "=launched $launched $start"
}

stop() {
  check_owner
  if find_postmaster; then
    kill -INT "$postmaster" 2> /dev/null
    if ! await_end "$postmaster" "$SLIPWAY_PATIENCE"; then
      kill -QUIT "$postmaster" 2> /dev/null
      await_end "$postmaster" 200
    fi
  fi
  clear_processes
  rm -f "$data/postmaster.pid"
}

destroy() {
  check_owner
  clear_processes
  # What a crash leaves half removed must not pass for a complete copy, and says to the end whose it is.
  rm -f "$home/complete" "$data/postmaster.opts"
  rm -rf "$data"
  rm -rf "$home"
  clear_processes
  if [ -e "$home" ]; then
    echo "the folder cannot be removed"
    exit 1
  fi
}

trash() {
  check_owner
  clear_processes
  [ -d "$home" ] || return 0
  name=$instance-$(date -u +%Y%m%dT%H%M%SZ)-$$
  mv "$home" "$root/.trash/$name" || exit 1
  echo "=trash $name"
}

take_lock
"$action"
