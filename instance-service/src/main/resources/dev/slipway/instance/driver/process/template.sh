#!/bin/sh
# Makes the data directory every instance is a copy of, once per version of Postgres and recipe.
#
#   template.sh ROOT NAME          (the SQL for `postgres --single` on standard input, statements end with ";" and an empty line)
#
# The environment has SLIPWAY_BINARIES, SLIPWAY_AS (prefix for initdb, which needs a user with a name), SLIPWAY_AS_USER
# (that user's owner specification), SLIPWAY_UID and SLIPWAY_CONFIGURATION (folder with postgresql.conf and pg_hba.conf).
# Killed at any moment it leaves a folder that the next one removes; what has the final name is complete and durable.
set -eu
umask 077
LC_ALL=C
export LC_ALL

root=$1
name=$2
as=${SLIPWAY_AS-}
making=$root/$name.making

exec 9>> "$root/.template.lock"
flock -w 120 9
if [ -d "$root/$name" ]; then exit 0; fi
# Where the file system knows the flag, every instance's folder starts in a region of its own; otherwise ext4 searches
# past the many numbers of files that were just deleted.
chattr +T "$root" 2> /dev/null || true
rm -rf "$making"
mkdir "$making"
chmod 711 "$making"
mkdir "$making/data"
chmod 700 "$making/data"
[ -z "$as" ] || chown "$SLIPWAY_AS_USER" "$making/data"
cd "$making/data"
$as "$SLIPWAY_BINARIES/initdb" -D "$making/data" -U slipway --no-sync --no-instructions -A reject -E UTF8 \
  --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C.UTF-8 --wal-segsize=1 > /dev/null
$as "$SLIPWAY_BINARIES/postgres" --single -j -D "$making/data" postgres > "$making/single" 2>&1
if grep -E 'ERROR|FATAL|PANIC' "$making/single"; then exit 1; fi
rm "$making/single"
# After a clean shutdown only the segment with the last checkpoint is needed; the later ones are recycled blanks.
checkpoint=$(od -A n -t u8 -j 32 -N 8 global/pg_control | tr -d ' ')
segment=$(printf '00000001%08X%08X' $((checkpoint / 4294967296)) $((checkpoint % 4294967296 / 1048576)))
[ -f "pg_wal/$segment" ]
for file in pg_wal/0*; do [ "$file" = "pg_wal/$segment" ] || rm "$file"; done
printf '%s\n' "$segment" > "$making/segment"
cat "$SLIPWAY_CONFIGURATION/postgresql.conf" > postgresql.conf
cat "$SLIPWAY_CONFIGURATION/pg_hba.conf" > pg_hba.conf
: > pg_ident.conf
rm -f postgresql.auto.conf
: > postgresql.auto.conf
[ -z "${SLIPWAY_UID-}" ] || chown -R "$SLIPWAY_UID:$SLIPWAY_UID" "$making/data"
cd "$root"
sync -f "$making"
mv "$making" "$root/$name"
sync "$root"
