#!/bin/sh
# Makes copies of the template that wait for an instance, until there are so many; removes what is more than that or of
# another template.
#
#   spares.sh ROOT TEMPLATE COUNT
#
# `fenced.sh create` takes one by renaming it, which succeeds for one taker only and needs no lock. What has its final
# name is complete and durable; killed at any moment, or out of disk, this leaves a folder that the next one removes.
set -eu
umask 077
LC_ALL=C
export LC_ALL

root=$1
template=$2
count=$3
spares=$root/.spares
kind=${template#.}
making=$spares/making

exec 9>> "$root/.spares.lock"
flock -n 9 || exit 0
[ -d "$spares" ] || mkdir "$spares"
# As for the instances themselves: each copy starts in a region of the disk of its own.
chattr +T "$spares" 2> /dev/null || true

wanted() {
  number=1
  while [ "$number" -le "$count" ]; do
    [ "$1" != "$spares/$kind.$number" ] || return 0
    number=$((number + 1))
  done
  return 1
}

for found in "$spares"/*; do
  wanted "$found" || rm -rf "$found"
done

trap 'rm -rf "$making"' EXIT
slot=1
while [ "$slot" -le "$count" ]; do
  if [ ! -e "$spares/$kind.$slot" ]; then
    cp -a --reflink=auto "$root/$template/data" "$making"
    sync -f "$making"
    mv -T "$making" "$spares/$kind.$slot"
  fi
  slot=$((slot + 1))
done
