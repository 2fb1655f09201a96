#!/usr/bin/env bash
# Runs a command to its end, or keeps an executor running. Leader of a session of its own and nobody's child: it
# outlives the service, which finds it again by what is in RUN.
#
#   supervise.sh command|executor RUN
#
# RUN/identity  number, start and boot of this process; RUN/status how a command ended; RUN/state how an executor is;
# RUN/begun     since when;
# RUN/lines     how much was written so far, not more than a second old.
#
# The application's environment arrives as SLIPWAY_E_NAME and means nothing to any process before the application.
# SLIPWAY_MASK has the values, one a line, that no line of output may show; the application does not inherit it.
set -u
umask 077
LC_ALL=C
TZ=UTC
export LC_ALL TZ
kind=$1
run=$2
cd "$run" || exit 1

readonly LONGEST_LOG=10485760
readonly ROTATED=4
readonly CHUNK=8192
readonly SHORTEST_PAUSE=200
readonly LONGEST_PAUSE=10000
readonly STEADY=30

# Readers see the old text or the new one.
replace() {
  printf '%s\n' "$2" > ".$1.new" && mv -f ".$1.new" "$1"
}

identify() {
  local line fields boot
  read -r line < /proc/self/stat || return
  read -r -a fields <<< "${line##*) }"
  read -r boot < /proc/sys/kernel/random/boot_id
  replace identity "$$ ${fields[19]} $boot"
}

open_log() {
  { exec 5>> "$SLIPWAY_LOG"; } 2> /dev/null || exec 5> /dev/null
  written=$(stat -L -c %s "$SLIPWAY_LOG" 2> /dev/null) || written=0
}

rotate() {
  local i
  for ((i = ROTATED; i > 1; i--)); do
    [ ! -e "$SLIPWAY_LOG.$((i - 1))" ] || mv -f "$SLIPWAY_LOG.$((i - 1))" "$SLIPWAY_LOG.$i"
  done
  mv -f "$SLIPWAY_LOG" "$SLIPWAY_LOG.1"
  open_log
}

note() {
  local now=$EPOCHREALTIME stamp
  printf -v stamp '%(%Y-%m-%dT%H:%M:%S)T.%sZ %s' "${now%.*}" "${now#*.}" "$1"
  # A full disk loses the line; the application goes on.
  if printf '%s\n' "$stamp" 2> /dev/null >&5; then
    written=$((written + ${#stamp} + 1))
  fi
  lines=$((lines + 1))
  if [ "${now%.*}" != "$told" ]; then
    told=${now%.*}
    replace lines "$lines" 2> /dev/null
  fi
  [ "$written" -lt "$LONGEST_LOG" ] || rotate
}

mask() {
  local secret
  for secret in "${secrets[@]}"; do
    text=${text//"$secret"/***}
  done
}

# Writes down what comes in, masked, until nobody holds the other end any more. Lines are cut where they are longer than
# anybody reads; what could be the beginning of a secret waits for what follows.
journal() {
  trap '' HUP INT TERM
  exec 7>&- 6>&-
  local secrets=() longest=1 text chunk rest='' secret
  lines=0
  told=
  set -f
  IFS=$'\n'
  # shellcheck disable=SC2206
  secrets=($SLIPWAY_MASK)
  unset IFS
  set +f
  for secret in "${secrets[@]}"; do
    [ "${#secret}" -le "$longest" ] || longest=${#secret}
  done
  open_log
  while IFS= read -r -n "$CHUNK" chunk || [ -n "$chunk" ]; do
    text=$rest$chunk
    rest=
    mask
    if [ "${#chunk}" = "$CHUNK" ] && [ "${#text}" -ge "$longest" ]; then
      rest=${text:${#text}-longest+1}
      text=${text:0:${#text}-longest+1}
    fi
    note "${text%$'\r'}"
  done
  [ -z "$rest" ] || note "$rest"
  replace lines "$lines"
}

as=(setpriv)
[ -z "$SLIPWAY_UID" ] || as+=("--reuid=$SLIPWAY_UID" "--regid=$SLIPWAY_UID" --clear-groups --inh-caps=-all
  --bounding-set=-all)
as+=(--no-new-privs)
[ "$SLIPWAY_ISOLATION" != namespaces ] || as+=(unshare --user --map-root-user --mount --pid --ipc --uts --fork)

launch() {
  (
    exec 8< life 7>&-
    unset SLIPWAY_MASK SLIPWAY_LOG
    { echo 500 > /proc/self/oom_score_adj; } 2> /dev/null
    cd /
    exec setsid "${as[@]}" bash "$SLIPWAY_SCRIPTS/sandbox.sh" "$SLIPWAY_ISOLATION" "$run"
  ) < /dev/null >&6 2>&6 6>&- &
  child=$!
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2> /dev/null || break
  done
  # What it began and left behind; where namespaces are in force nothing can be left.
  [ "$SLIPWAY_ISOLATION" = namespaces ] || kill -KILL -- "-$child" 2> /dev/null
}

pause() {
  printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
  sleep "$seconds" 6>&- 7>&- &
  wait $!
}

end_journal() {
  exec 6>&-
  local i
  for ((i = 0; i < 200; i++)); do
    kill -0 "$journal" 2> /dev/null || break
    sleep 0.01
  done
}

run_command() {
  launch
  end_journal
  replace status "$status"
}

keep_running() {
  local delay=$SHORTEST_PAUSE restarts=0 began vmid=${SLIPWAY_E_DBOS__VMID:-}
  while [ -z "$stopping" ]; do
    began=$EPOCHSECONDS
    # Workflows of a process that ended are told from those of the one after it. Where nobody can ask the SDK to go on
    # with them, it does so by itself, with those of its own name.
    [ -z "$vmid" ] || [ -z "$SLIPWAY_NAMED_ANEW" ] || export SLIPWAY_E_DBOS__VMID="$vmid.$began.$restarts"
    replace state "running $began $restarts"
    launch
    [ -z "$stopping" ] || break
    [ $((EPOCHSECONDS - began)) -lt "$STEADY" ] || delay=$SHORTEST_PAUSE
    replace state "restarting $EPOCHSECONDS $restarts $status"
    printf 'slipway: ended with status %s, starts again in %s ms\n' "$status" "$delay" >&6
    pause "$delay"
    restarts=$((restarts + 1))
    delay=$((delay * 2))
    [ "$delay" -le "$LONGEST_PAUSE" ] || delay=$LONGEST_PAUSE
  done
  end_journal
}

identify
printf -v stamp '%(%Y-%m-%dT%H:%M:%S)T.%sZ' "${EPOCHREALTIME%.*}" "${EPOCHREALTIME#*.}"
replace begun "$stamp"
rm -f life
mkfifo life || exit 1
exec 7<> life
exec 6> >(journal)
journal=$!
stopping=
trap 'stopping=yes; echo term >&7' TERM
if [ "$kind" = command ]; then run_command; else keep_running; fi
