#!/usr/bin/env bash
# Becomes the application: takes on its environment and runs its commands, one after the other, until one fails. Nothing
# of either is on a command line or in a file. All this happens with the application's own rights, so an environment
# that is meant to do harm does it to itself.
cd "$SLIPWAY_FOLDER/app" || exit 125
umask 022
ulimit -c 0
[ -z "$SLIPWAY_MEMORY" ] || ulimit -d "$((SLIPWAY_MEMORY * 1024))" || exit 125
[ -z "$SLIPWAY_PROCESSES" ] || ulimit -u "$SLIPWAY_PROCESSES" || exit 125
slipway_commands=()
for ((slipway_i = 1; slipway_i <= SLIPWAY_COMMANDS; slipway_i++)); do
  slipway_name=SLIPWAY_C_$slipway_i
  slipway_commands+=("${!slipway_name}")
  unset "$slipway_name"
done
unset SLIPWAY_FOLDER SLIPWAY_HOME SLIPWAY_SCRIPTS SLIPWAY_TOOLS SLIPWAY_MEMORY SLIPWAY_PROCESSES SLIPWAY_COMMANDS LC_ALL
for slipway_name in "${!SLIPWAY_E_@}"; do
  export "${slipway_name#SLIPWAY_E_}=${!slipway_name}" 2> /dev/null
  unset "$slipway_name"
done
slipway_last=$((${#slipway_commands[@]} - 1))
for ((slipway_i = 0; slipway_i < slipway_last; slipway_i++)); do
  /bin/sh <(printf '%s\n' "${slipway_commands[slipway_i]}") || exit
done
exec /bin/sh <(printf '%s\n' "${slipway_commands[slipway_last]}")
