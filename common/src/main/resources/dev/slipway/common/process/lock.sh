# Sourced by scripts that a FencedShell runs, after they have set root, subject and epoch; see there for what it is for.
#
# The shell runs in a session of its own and holds the lock on the subject's fence file for as long as it or a child of
# it lives, because the open descriptor 9 is inherited. The file only grows: every shell appends its claim
# "epoch:pid:start:boot" before it tries the lock. So whoever comes with a higher epoch can name, and kill, what holds
# the lock with a lower one, even when that is suspended; and whoever comes, or wakes up, with a lower epoch than any
# claim in the file leaves without having acted.
#
# Epoch 0 is the highest seen, for a person's explicit command.

FENCED=71
BUSY=72
FOREIGN=73
SURVIVOR=75
fence=$root/.fences/$subject

# Sets state, session and start of a process; fails when there is none of that number.
look_at() {
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
  # The command's name may hold blanks and parentheses; nothing after it does.
  set -- ${line##*) }
  state=$1
  session=${4-}
  start=${20-}
}

# Ends the session of a claim, which is dead already or is the process that started at this time.
overtake() {
  if look_at "$1" && [ "$start" = "$2" ]; then
    [ "$state" = Z ] || holders=1
    kill -KILL "$1" 2> /dev/null
    leader=1
  else
    leader=0
  fi
  for entry in /proc/[0-9]*; do
    member=${entry#/proc/}
    if [ "$member" != "$1" ] && look_at "$member" && [ "$session" = "$1" ] && [ "$state" != Z ]; then
      # Without its leader the session's number could be another's; what holds the lock is surely of the claim.
      if [ "$leader" = 1 ] || [ "$(readlink "$entry/fd/9")" = "$fence" ]; then
        holders=1
        kill -KILL "$member" 2> /dev/null
      fi
    fi
  done
}

# Leaves when a higher epoch has been here. With "overtake" it also kills what claims with a lower one and still lives.
survey() {
  order=${1-}
  holders=0
  while read -r claim; do
    IFS=:
    # shellcheck disable=SC2086
    set -- $claim
    unset IFS
    # A claim that was torn by a crash has other fields.
    [ $# = 4 ] || continue
    if [ "$1" -gt "$epoch" ]; then
      echo "=fenced $1"
      exit "$FENCED"
    fi
    if [ "$order" = overtake ] && [ "$1" -lt "$epoch" ] && [ "$4" = "$boot" ]; then overtake "$2" "$3"; fi
  done < "$fence"
}

take_lock() {
  read -r boot < /proc/sys/kernel/random/boot_id
  look_at $$
  exec 9>> "$fence"
  if [ "$epoch" = 0 ]; then
    while IFS=: read -r seen rest; do
      if [ -n "$rest" ] && [ "$seen" -gt "$epoch" ]; then epoch=$seen; fi
    done < "$fence"
  fi
  printf '\n%s:%s:%s:%s\n' "$epoch" $$ "$start" "$boot" >&9
  attempts=0
  until flock -n 9; do
    survey overtake
    [ "$holders" = 1 ] || attempts=$((attempts + 1))
    [ "$attempts" -lt 20 ] || exit "$BUSY"
    sleep 0.01
  done
  # Who holds the lock need not look for others: what acts holds it too, and what has yet to take it leaves then.
  survey
}
