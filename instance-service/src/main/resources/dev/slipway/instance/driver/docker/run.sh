#!/bin/sh
# Runs the server of the folder that this file is in; makes its data first where there is none that is complete.
#
# Nobody has data here before `complete` is there, durably, and with it all that the server needs: whatever was cut off
# before that begins again. The verifier of the platform's role is in the data then, so its file is emptied.
#
# Where nothing can be written, neither can a log: a full disk is said by the exit status, which is the number of that
# error (ENOSPC).
set -eu
umask 077
cd "${0%/*}"
full=28

durably() { sync -f . 2> /dev/null || sync; }

# What it says is kept until what it has written is gone, so that there is room to say it.
step() {
  said=$("$@" 2>&1 > /dev/null) && return
  rm -rf data
  printf '%s\n' "$said" >&2
  case $said in *"No space left on device"*) exit $full ;; esac
  exit 1
}

first() { postgres --single -j -D data -c fsync=off -c exit_on_error=on postgres < first.sql; }

if [ ! -e complete ]; then
  # What a signal ends before there is a server was killed, and has not failed.
  trap 'exit 143' INT TERM
  rm -rf data
  step initdb -D data -U slipway --pwfile=password --no-sync --no-instructions -A reject -E UTF8 \
    --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8 --wal-segsize=1
  step first
  : > password
  durably
  : > complete
  durably
fi
: > password
dd if=/dev/zero of=room bs=65536 count=4 2> /dev/null || { rm -f room; exit $full; }
rm -f room
exec postgres -D "$PWD/data" -c config_file="$PWD/postgresql.conf"
