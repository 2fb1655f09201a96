#!/bin/sh
# Acts on one application: whatever changes its files or its processes is this shell, never the service.
#
#   fenced.sh ACTION ROOT APPLICATION EPOCH
#
# The environment has SLIPWAY_OWNER (installation), SLIPWAY_SCRIPTS, SLIPWAY_ISOLATION, SLIPWAY_DROP (not empty when
# each application has a user number of its own), SLIPWAY_CA, SLIPWAY_MACHINE_CA, and by action SLIPWAY_VERSION, SLIPWAY_RUN, SLIPWAY_SOURCE,
# SLIPWAY_RUNS, SLIPWAY_PATH, SLIPWAY_TREE, SLIPWAY_LISTEN, SLIPWAY_GRACE, and what supervise.sh asks for.
# Lines of output that begin with "=" are results, all others are complaints of the tools used.
set -u
umask 077
LC_ALL=C
export LC_ALL

NOT_UNPACKED=74
PORT_TAKEN=76
UNSAFE_PATH=77

# Below what /etc/subuid gives away and above what systems give to people, daemons and services.
FIRST_USER=66000
USERS=33000

action=$1
root=$2
subject=$3
epoch=$4
home=$root/$subject
version=${SLIPWAY_VERSION-}
folder=$home/versions/$version
run=$home/runs/$version.${SLIPWAY_RUN-}
uid=
as=

. "${0%/*}/lock.sh"

check_owner() {
  if [ -s "$home/owner" ]; then
    read -r owner < "$home/owner"
    [ "$owner" = "$SLIPWAY_OWNER" ] || exit "$FOREIGN"
  fi
}

# Sets uid and as, when the application has a user of its own already.
know_user() {
  if [ -s "$home/uid" ]; then
    read -r uid < "$home/uid"
    as="setpriv --reuid=$uid --regid=$uid --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs"
  fi
}

# The number follows from the identifier; where another application has it, the next free one. A link is made or not,
# so two claims of a number cannot both succeed.
claim_user() {
  know_user
  [ -n "$SLIPWAY_DROP" ] && [ -z "$uid" ] || return 0
  printf '%s\n' "$subject" > "$root/.users/.$subject" || exit 1
  # shellcheck disable=SC2046
  set -- $(printf '%s' "$subject" | cksum)
  tried=0
  while [ "$tried" -lt "$USERS" ]; do
    candidate=$((FIRST_USER + ($1 + tried) % USERS))
    if ln "$root/.users/.$subject" "$root/.users/$candidate" 2> /dev/null \
      || [ "$(cat "$root/.users/$candidate" 2> /dev/null)" = "$subject" ]; then
      printf '%s\n' "$candidate" > "$home/.uid.new" && mv -f "$home/.uid.new" "$home/uid" || exit 1
      break
    fi
    tried=$((tried + 1))
  done
  rm -f "$root/.users/.$subject"
  know_user
  [ -n "$uid" ] || exit 1
}

release_user() {
  [ -n "$uid" ] || return 0
  [ "$(cat "$root/.users/$uid" 2> /dev/null)" != "$subject" ] || rm -f "$root/.users/$uid"
}

give() {
  [ -z "$uid" ] || chown -hR "$uid:$uid" "$1" || exit 1
}

# The processes of one run: ours by their command line, which no application can change; the application's own by the
# mark in their environment, for where no namespace ends them with ours. The dead but unreaped have neither.
members() {
  {
    printf '%s' "$1" | grep -lszxF -f - /proc/[0-9]*/cmdline
    printf 'SLIPWAY_RUN=%s' "$subject/${1##*/}" | $as grep -lszxF -f - /proc/[0-9]*/environ
  } 2> /dev/null | numbers
}

# Everything of the application, wherever it went.
everybody() {
  {
    printf '%s' "$home/runs/" | grep -lszF -f - /proc/[0-9]*/cmdline
    printf 'SLIPWAY_RUN=%s' "$subject/" | $as grep -lszF -f - /proc/[0-9]*/environ
    [ -z "$uid" ] || grep -ls "^Uid:[[:space:]]*$uid[[:space:]]" /proc/[0-9]*/status | living
  } 2> /dev/null | numbers
}

living() {
  while read -r found; do
    found=${found#/proc/}
    if look_at "${found%%/*}" && [ "$state" != Z ]; then printf '/proc/%s/\n' "${found%%/*}"; fi
  done
}

numbers() {
  while read -r found; do
    found=${found#/proc/}
    printf '%s ' "${found%%/*}"
  done
}

# Ends what a function finds until it finds nothing.
end_all() {
  looks=0
  while pids=$("$@") && [ -n "$pids" ]; do
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

require_version() {
  [ -d "$folder" ] || exit "$NOT_UNPACKED"
  check_owner
  know_user
}

# Removes a folder, also one in which somebody without the right to do so may not write.
remove() {
  rm -rf "$1" 2> /dev/null || { chmod -R u+rwX "$1" && rm -rf "$1"; } || exit 1
}

# A version's folder appears complete, by one rename; what is beside it with a dot is half made or half removed.
adopt() {
  check_owner
  know_user
  if [ ! -d "$folder" ]; then
    made=$home/versions/.$version.new
    [ -d "$made/app" ] || [ -d "$SLIPWAY_SOURCE" ] || exit "$NOT_UNPACKED"
    [ -d "$home" ] || mkdir -m 711 "$home" || exit 1
    printf '%s\n' "$SLIPWAY_OWNER" > "$home/owner" || exit 1
    claim_user
    for part in versions runs log trees; do
      [ -d "$home/$part" ] || mkdir "$home/$part" || exit 1
    done
    chmod 711 "$home/versions"
    if [ ! -d "$home/home" ]; then
      mkdir -p "$home/.home.new" && give "$home/.home.new" && mv -T "$home/.home.new" "$home/home" || exit 1
    fi
    [ -d "$made" ] || mkdir -m 711 "$made" || exit 1
    if [ ! -d "$made/app" ]; then
      # Whole or not at all, also from another file system.
      if [ "$(stat -c %d "$SLIPWAY_SOURCE")" = "$(stat -c %d "$made")" ]; then
        mv -T "$SLIPWAY_SOURCE" "$made/app" || exit 1
      else
        rm -rf "$made/part"
        cp -a "$SLIPWAY_SOURCE" "$made/part" && mv -T "$made/part" "$made/app" || exit 1
      fi
    fi
    remove "$made/app/.slipway"
    chmod -R u+rwX,go-w,u-s,g-s "$made/app" && chmod 700 "$made/app" || exit 1
    [ -d "$made/tmp" ] || mkdir "$made/tmp" || exit 1
    [ -d "$made/.root" ] || mkdir -m 755 "$made/.root" || exit 1
    give "$made/app"
    give "$made/tmp"
    # Not the application's: it can put the folder aside, and thereby fool itself.
    mkdir -m 755 "$made/app/.slipway" || exit 1
    if [ -n "$SLIPWAY_CA" ] && [ -e "$SLIPWAY_CA" ]; then
      cp "$SLIPWAY_CA" "$made/app/.slipway/ca.pem" && chmod 644 "$made/app/.slipway/ca.pem" || exit 1
      if [ -n "$SLIPWAY_MACHINE_CA" ] && [ -f "$SLIPWAY_MACHINE_CA" ] && [ -r "$SLIPWAY_MACHINE_CA" ]; then
        trusted=$made/app/.slipway/trusted.pem
        # Either may end without a line break, and the machine's may hold a key beside its certificates.
        { cat "$SLIPWAY_CA" && echo && sed -n '/-BEGIN .*CERTIFICATE-/,/-END .*CERTIFICATE-/p' "$SLIPWAY_MACHINE_CA"; } > "$trusted" && chmod 644 "$trusted" || exit 1
      fi
    fi
    mv -T "$made" "$folder" || exit 1
  fi
  [ ! -e "$SLIPWAY_SOURCE" ] || remove "$SLIPWAY_SOURCE"
}

# As the application's own user, and not through a link.
write() {
  require_version
  # shellcheck disable=SC2016
  $as sh -c '
    umask 022
    place=$1/$2
    folder=${place%/*}
    mkdir -p "$folder" || exit 1
    [ "$(realpath "$folder")" = "$(realpath -ms "$folder")" ] || exit 77
    rm -f "$folder/.slipway.new"
    set -C
    cat > "$folder/.slipway.new" && mv -Tf "$folder/.slipway.new" "$place"
  ' write "$folder/app" "$SLIPWAY_PATH"
  wrote=$?
  [ "$wrote" != "$UNSAFE_PATH" ] || exit "$UNSAFE_PATH"
  [ "$wrote" = 0 ] || exit 1
}

# The supervisor that a run's folder names lives.
supervised() {
  { read -r supervisor started booted < "$run/identity"; } 2> /dev/null || return 1
  [ "$booted" = "$boot" ] && look_at "$supervisor" && [ "$start" = "$started" ] && [ "$state" != Z ]
}

# It works in the run's folder and has it on its command line before it lets go of the lock: whoever finds no identity
# here ends what may be coming up.
launch() {
  mkdir "$run" || exit 1
  (
    cd "$run" && exec 9>&- && exec setsid env \
      "SLIPWAY_UID=$uid" "SLIPWAY_FOLDER=$folder" "SLIPWAY_HOME=$home/home" \
      "SLIPWAY_LOG=$home/log/$version.$SLIPWAY_RUN.log" "SLIPWAY_E_SLIPWAY_RUN=$subject/$version.$SLIPWAY_RUN" \
      bash "$SLIPWAY_SCRIPTS/supervise.sh" "$1" "$run" < /dev/null > /dev/null 2>&1
  ) &
  launched=$!
  waits=0
  until [ -s "$run/identity" ]; do
    waits=$((waits + 1))
    if [ "$waits" -gt 1000 ] || ! look_at "$launched" || [ "$state" = Z ]; then
      [ ! -s "$run/identity" ] || break
      end_all members "$run"
      rm -rf "$run"
      echo "the supervisor did not come up"
      exit 1
    fi
    sleep 0.005
  done
}

begin() {
  require_version
  [ ! -s "$run/identity" ] || return 0
  end_all members "$run"
  rm -rf "$run"
  launch command
}

start() {
  require_version
  ! supervised || return 0
  end_all members "$run"
  rm -rf "$run"
  for port in $SLIPWAY_LISTEN; do
    if grep -qsE ":$(printf '%04X' "$port") [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6; then exit "$PORT_TAKEN"; fi
  done
  launch executor
}

# Asks, waits, ends.
stop() {
  check_owner
  know_user
  if supervised; then
    kill -TERM "$supervisor" 2> /dev/null
    waits=0
    while [ "$waits" -lt "$SLIPWAY_GRACE" ] && look_at "$supervisor" && [ "$start" = "$started" ] && [ "$state" != Z ]; do
      waits=$((waits + 1))
      sleep 0.01
    done
  fi
  clear
}

# A run has a folder before it has a process, and loses it after the last one: where there is no folder, nobody lives.
clear() {
  check_owner
  know_user
  [ -d "$run" ] || return 0
  end_all members "$run"
  remove "$run"
}

clear_all() {
  for name in $SLIPWAY_RUNS; do
    run=$home/runs/$version.$name
    clear
  done
}

# Shares blocks where the file system can, which one file tells, and else whole files.
copy() {
  shared=-l
  ! cp --reflink=always "$0" "${2%/*}/.reflink" 2> /dev/null || shared=--reflink=always
  rm -f "${2%/*}/.reflink"
  cp -a "$shared" "$1" "$2" || exit 1
}

use_tree() {
  require_version
  tree=$home/trees/$SLIPWAY_TREE
  if [ ! -d "$tree" ]; then
    echo "=absent"
    return 0
  fi
  remove "$folder/.tree.new"
  copy "$tree/node_modules" "$folder/.tree.new"
  [ -z "$uid" ] || find "$folder/.tree.new" -type d -exec chown -h "$uid:$uid" {} + || exit 1
  remove "$folder/app/node_modules"
  mv -T "$folder/.tree.new" "$folder/app/node_modules" || exit 1
  echo "=used"
}

# The version goes on with the very files that are kept, which are not its own any more.
keep_tree() {
  require_version
  tree=$home/trees/$SLIPWAY_TREE
  [ ! -d "$tree" ] || return 0
  # A virtual environment of Python names its folder in itself and works nowhere else.
  [ -d "$folder/app/node_modules" ] && [ ! -L "$folder/app/node_modules" ] || return 0
  made=$home/trees/.$SLIPWAY_TREE.new
  remove "$made"
  mkdir "$made" || exit 1
  copy "$folder/app/node_modules" "$made/node_modules"
  [ -z "$uid" ] || chown -hR 0:0 "$made" || exit 1
  find "$made" -type d -exec chmod u+rwx,go+rx {} + || exit 1
  find "$made" -type f -exec chmod a-w,a+r,u-s,g-s {} + || exit 1
  mv -T "$made" "$tree" || exit 1
}

discard() {
  check_owner
  know_user
  for run in "$home/runs/$version".*; do
    [ -d "$run" ] || continue
    end_all members "$run"
    remove "$run"
  done
  rest=$home/versions/.$version.gone
  [ ! -d "$folder" ] || [ -d "$rest" ] || mv -T "$folder" "$rest" || exit 1
  for part in "$folder" "$rest" "$home/versions/.$version.new"; do
    [ ! -e "$part" ] || remove "$part"
  done
  prune_logs
}

# Whoever asks why a version failed asks after it was discarded. Of the newest twenty versions logs are there.
prune_logs() {
  [ -d "$home/log" ] || return 0
  for log in "$home/log"/[0-9]*; do
    log=${log##*/}
    printf '%s\n' "${log%%.*}"
  done | sort -un | head -n -20 | while read -r old; do
    [ -d "$home/versions/$old" ] || rm -f "$home/log/$old".*
  done
}

destroy() {
  check_owner
  know_user
  end_all everybody
  # The last thing to go says whose the rest is.
  if [ -d "$home" ]; then
    for part in "$home"/* "$home"/.[!.]*; do
      case ${part##*/} in
        owner | uid) ;;
        *) [ ! -e "$part" ] || remove "$part" ;;
      esac
    done
  fi
  end_all everybody
  release_user
  [ ! -e "$home" ] || remove "$home"
  if [ -e "$home" ]; then
    echo "the folder cannot be removed"
    exit 1
  fi
}

# A folder that was brought here may claim a user number that is somebody else's by now.
trash() {
  check_owner
  know_user
  if [ -n "$uid" ] && [ "$(cat "$root/.users/$uid" 2> /dev/null)" != "$subject" ]; then
    uid=
    as=
  fi
  end_all everybody
  release_user
  [ -d "$home" ] || return 0
  [ -d "$root/.trash" ] || mkdir -m 700 "$root/.trash" || exit 1
  name=$subject-$(date -u +%Y%m%dT%H%M%SZ)-$$
  mv -T "$home" "$root/.trash/$name" || exit 1
  echo "=trash $name"
}

take_lock
"$action"
