#!/bin/sh
# The first process of a container: runs commands to their end, or keeps an executor running.
#
#   init.sh command|executor
#
# What to run and its environment come over the standard input, so that no inspection of the container shows them; see
# Feed. What is run writes to the standard output, masked. On the standard error is what this process says of it:
#
#   slipway running SINCE RESTARTS | slipway restarting STATUS RESTARTS | slipway exited STATUS
#
# A container that ends without the last of these was ended from outside.
set -u
umask 022
LC_ALL=C
kind=$1
readonly UNFED=125
readonly SHORTEST_PAUSE=200
readonly LONGEST_PAUSE=10000
readonly STEADY=30

slipway_feed=$(timeout 60 sed '/^slipway_fed=yes$/q')
case $slipway_feed in
  *'
slipway_fed=yes') ;;
  *) exit $UNFED ;;
esac
eval "$slipway_feed"
unset slipway_feed
exec < /dev/null
ulimit -c 0

say() { printf 'slipway %s\n' "$*" >&2; }

# Masks what comes in, the longest secrets first. mawk would wait for a whole block of input.
mask() {
  trap '' HUP INT TERM
  case $(awk -W version 2>&1 < /dev/null) in
    mawk*) set -- awk -W interactive ;;
    *) set -- awk ;;
  esac
  SLIPWAY_MASK=$slipway_mask exec "$@" '
    BEGIN { count = split(ENVIRON["SLIPWAY_MASK"], secrets, "\n") }
    {
      for (i = 1; i <= count; i++) {
        length_ = length(secrets[i])
        if (length_ == 0 || index($0, secrets[i]) == 0) continue
        rest = $0
        text = ""
        while ((at = index(rest, secrets[i])) > 0) {
          text = text substr(rest, 1, at - 1) "***"
          rest = substr(rest, at + length_)
        }
        $0 = text rest
      }
      print
      fflush()
    }'
}

pipe=/tmp/.slipway-output
rm -f "$pipe"
mkfifo "$pipe" || exit $UNFED
mask < "$pipe" 2> /dev/null &
writer=$!
exec 3> "$pipe"
rm -f "$pipe"

# Ends whatever is left but this process and the one that masks.
end_others() {
  for process in /proc/[0-9]*; do
    process=${process#/proc/}
    case $process in
      1 | "$writer") ;;
      *) kill -KILL "$process" 2> /dev/null ;;
    esac
  done
}

# One after the other, until one fails; the last one in this shell, so that it waits for what that leaves undone.
run() {
  trap : TERM
  set +u
  unset LC_ALL slipway_mask
  eval "$slipway_environment"
  unset slipway_environment
  if [ -n "$1" ]; then export DBOS__VMID="$DBOS__VMID.$1"; fi
  slipway_at=1
  while [ "$slipway_at" -lt "$slipway_commands" ]; do
    eval "slipway_command=\$slipway_command_$slipway_at"
    (eval "$slipway_command") || exit
    slipway_at=$((slipway_at + 1))
  done
  eval "slipway_command=\$slipway_command_$slipway_at"
  eval "$slipway_command"
}

launch() {
  run "$1" >&3 2>&3 3>&- &
  child=$!
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2> /dev/null || break
  done
  end_others
}

# Waits until everything that was written is on its way.
flush() {
  exec 3>&-
  wait "$writer"
}

stopping=
trap 'stopping=yes; kill -TERM -1 2> /dev/null' TERM

if [ "$kind" = command ]; then
  launch ''
  flush
  # Ended from outside, which an engine does that comes back: whatever the command made of it, it is no end of its own.
  [ -z "$stopping" ] || exit 143
  say exited "$status"
  exit "$status"
fi

pause=$SHORTEST_PAUSE
restarts=0
while [ -z "$stopping" ]; do
  began=$(date +%s)
  say running "$began" "$restarts"
  launch "${slipway_named_anew:+$began.$restarts}"
  [ -z "$stopping" ] || break
  [ $(($(date +%s) - began)) -lt $STEADY ] || pause=$SHORTEST_PAUSE
  say restarting "$status" "$restarts"
  printf 'slipway: ended with status %s, starts again in %s ms\n' "$status" "$pause" >&3
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))" 3>&- &
  wait $!
  restarts=$((restarts + 1))
  pause=$((pause * 2))
  [ $pause -le $LONGEST_PAUSE ] || pause=$LONGEST_PAUSE
done
flush
say exited "$status"
exit "$status"
