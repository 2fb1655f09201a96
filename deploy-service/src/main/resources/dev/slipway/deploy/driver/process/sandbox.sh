#!/usr/bin/env bash
# The first process of a command or an executor. Where namespaces are in force it is number 1 of its own, with the right
# to mount there and nowhere else: it builds what the application will see, then lets go of that right for all that
# follows. Whatever the application begins, daemons too, ends with this process.
#
#   sandbox.sh ISOLATION RUN       (RUN, a folder outside, only tells whose process this is)
#
# Descriptor 8 reads from the supervisor: a line "term" asks everything to end, the end of the file means that the
# supervisor is gone.
set -u
isolation=$1
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
cd /

refuse() {
  echo "slipway: the sandbox cannot be built: $1"
  exit 125
}

# Shows a folder of the machine at the same path, and lets nobody write there.
show() {
  mkdir -p "$new$1" && mount --rbind "$1" "$new$1" && mount -o remount,bind,ro,nosuid,nodev "$new$1" || refuse "$1"
}

share() {
  mkdir -p "$new$2" && mount --bind "$1" "$new$2" || refuse "$2"
}

build() {
  new=$SLIPWAY_FOLDER/.root
  mount --make-rprivate / || refuse "private mounts"
  mount -t tmpfs -o mode=755,nosuid,nodev,size=4m slipway "$new" || refuse "an empty root"
  mkdir "$new/etc" "$new/dev" "$new/proc" "$new/tmp" "$new/var" || refuse "an empty root"
  ln -s /tmp "$new/var/tmp"
  for entry in /usr /bin /sbin /lib /lib32 /lib64 /opt /nix; do
    if [ -L "$entry" ]; then
      ln -s "$(readlink "$entry")" "$new$entry"
    elif [ -d "$entry" ]; then
      show "$entry"
    fi
  done
  for entry in /etc/ssl /etc/ca-certificates /etc/pki /etc/alternatives; do
    [ ! -d "$entry" ] || show "$entry"
  done
  cp -L /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/nsswitch.conf /etc/host.conf /etc/gai.conf /etc/localtime /etc/services \
    /etc/protocols /etc/ld.so.cache "$new/etc/" 2> /dev/null
  printf 'root:x:0:0::/:/bin/sh\napp:x:%s:%s::%s:/bin/sh\n' "$uid" "$gid" "$SLIPWAY_HOME" > "$new/etc/passwd"
  printf 'root:x:0:\napp:x:%s:\n' "$gid" > "$new/etc/group"
  mount -t proc proc "$new/proc" || refuse "/proc"
  for entry in null zero full random urandom tty; do
    : > "$new/dev/$entry"
    mount --bind "/dev/$entry" "$new/dev/$entry" || refuse "/dev/$entry"
  done
  ln -s /proc/self/fd "$new/dev/fd"
  ln -s /proc/self/fd/0 "$new/dev/stdin"
  ln -s /proc/self/fd/1 "$new/dev/stdout"
  ln -s /proc/self/fd/2 "$new/dev/stderr"
  mkdir "$new/dev/shm" && mount -t tmpfs -o mode=1777,nosuid,nodev,size=256m slipway "$new/dev/shm" || refuse "/dev/shm"
  # Before what lies below it on some machines.
  share "$SLIPWAY_FOLDER/tmp" /tmp
  share "$SLIPWAY_FOLDER/app" "$SLIPWAY_FOLDER/app"
  show "$SLIPWAY_FOLDER/app/.slipway"
  share "$SLIPWAY_HOME" "$SLIPWAY_HOME"
  show "$SLIPWAY_SCRIPTS"
  local tools
  IFS=: read -r -a tools <<< "$SLIPWAY_TOOLS"
  for entry in "${tools[@]}"; do
    [ -z "$entry" ] || show "$entry"
  done
  mount -o remount,bind,ro,nosuid,nodev "$new" || refuse "a root that stays as it is"
  cd "$new" && pivot_root . . && umount -l . && cd / || refuse "the new root"
  # One more below this one, and none below that.
  { echo 1 > /proc/sys/user/max_user_namespaces; } 2> /dev/null
}

case $isolation in
  namespaces)
    # Who this is outside, which inside is called root.
    read -r _ uid _ < /proc/self/uid_map
    read -r _ gid _ < /proc/self/gid_map
    build
    drop=(unshare --user "--map-user=$uid" "--map-group=$gid" setpriv --no-new-privs)
    everybody=-1
    ;;
  *)
    drop=(setpriv --no-new-privs)
    everybody=-$$
    ;;
esac

listen() {
  trap '' TERM
  while IFS= read -r word <&8; do
    if [ "$word" = term ]; then
      kill -USR1 $$
      kill -TERM -- "$everybody" 2> /dev/null
    fi
  done
  kill -KILL -- "$everybody" 2> /dev/null
}

# Whether anything but this process and the one that listens is alive.
others() {
  local entry line fields
  for entry in /proc/[0-9]*; do
    { read -r line < "$entry/stat"; } 2> /dev/null || continue
    read -r -a fields <<< "${line##*) }"
    case ${entry#/proc/} in
      $$ | "$listener") continue ;;
    esac
    [ "${fields[0]}" != Z ] || continue
    if [ "$isolation" = namespaces ] || [ "${fields[2]}" = $$ ]; then return 0; fi
  done
  return 1
}

asked=
trap : TERM
trap 'asked=yes' USR1
listen &
listener=$!
"${drop[@]}" nice -n "$SLIPWAY_NICE" bash "$SLIPWAY_SCRIPTS/launch.sh" 8<&- &
application=$!
while :; do
  wait "$application"
  status=$?
  kill -0 "$application" 2> /dev/null || break
done
# The shell around a server dies of the signal at once, while the server still finishes what it was at; how long that may
# take is the supervisor's business.
while [ -n "$asked" ] && others; do
  sleep 0.02
done
exit "$status"
