# Sourced by KIND/up.sh: the data directory, ports, processes that outlast the caller, and waiting until they can be used.
# shellcheck shell=bash disable=SC2034 # what it sets is for them
set -euo pipefail
set -f # class paths end in *
exec </dev/null
servers=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

# open KIND DATADIR: what all the rest needs: $kind, $d (DATADIR, absolute), $lib (the jars).
open() {
  kind=$1
  d=$(mkdir -p "$2/conf" "$2/tmp" && realpath "$2")
  exec 7>"$d/lock"
  flock -w 300 7 || { echo "$kind: another up.sh is at work in $d" >&2; exit 1; }
  lib=$("$servers/fetch.sh" "$kind" | tail -n 1)
}

# ports COUNT [PORT]: sets $port to the first of COUNT ports that follow each other: PORT, else those of the last start,
# else free ones. These are below what the system gives to clients, so that nobody takes them while a server is down, and
# belong to DATADIR as long as it is there: nobody else who asks here gets them.
ports() {
  local taken=/tmp/streamer-ports.$UID at owner
  port=${2:-}
  if [ -z "$port" ] && [ -s "$d/ports" ]; then port=$(head -n 1 "$d/ports"); fi
  if [ -z "$port" ]; then
    mkdir -p "$taken"
    exec 8>"$taken/lock"
    flock 8
    for at in $(shuf -i 0-599); do
      owner=$taken/$at
      [ -L "$owner" ] && [ -d "$(readlink "$owner")" ] && continue
      at=$((20000 + 16 * at))
      free "$at" "$1" || continue
      ln -sfn "$d" "$owner"
      port=$at
      break
    done
    exec 8>&-
    [ -n "$port" ] || { echo "$kind: no $1 free ports from 20000 to 29599" >&2; exit 1; }
  fi
  seq "$port" $((port + $1 - 1)) >"$d/ports"
}

free() {
  local at
  for at in $(seq "$1" $(($1 + $2 - 1))); do
    if reached "$at"; then return 1; fi
  done
}

# reached PORT…: all of them take connections.
reached() {
  local at
  for at in "$@"; do
    (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null || return 1
  done
}

# get PORT PATH: a page of this machine.
get() {
  # shellcheck disable=SC2016 # the inner shell's
  timeout 10 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n" "$2" >&3 && cat <&3' \
    get "$1" "$2" 2>/dev/null || true
}

# alive PID: it runs; a zombie does as long as it has threads, which hold its ports.
alive() {
  local state threads
  state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) && [ -n "$state" ] || return
  [ "${state:0:1}" = Z ] || return 0
  set +f
  threads=("/proc/$1/task/"*)
  set -f
  [ ${#threads[@]} -gt 1 ]
}

dying() { alive "$1" && grep -qs '^State:.Z' "/proc/$1/status"; }

# runs NAME: the process of DATADIR/NAME.pid, and not another one that has its number now.
runs() {
  [ -s "$d/$1.pid" ] && alive "$(<"$d/$1.pid")" && grep -qsF "streamer.servers=$d/" "/proc/$(<"$d/$1.pid")/cmdline"
}

declare -A from # where the log of a process begins that was started here

# start NAME ARGS…: a Java of its own, unless it runs: DATADIR/NAME.pid and DATADIR/NAME.log. It has its own session and
# nothing of ours is open in it, so that it holds up nobody who waits for the end of our output.
start() {
  local name=$1
  shift
  if runs "$name"; then return; fi
  # the one before may still be dying
  if [ -s "$d/$name.pid" ]; then while dying "$(<"$d/$name.pid")"; do sleep 0.05; done; fi
  touch "$d/$name.log"
  from[$name]=$(($(wc -c <"$d/$name.log") + 1))
  setsid java "${java[@]}" "-Dstreamer.servers=$d/$name" "$@" </dev/null >>"$d/$name.log" 2>&1 7>&- &
  echo $! >"$d/$name.pid"
}

# What every Java here gets: they are small, and start sooner without the second compiler.
java=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError -Djava.net.preferIPv4Stack=true)

# said NAME PATTERN: its log has it since it was started here; true if it ran before.
said() {
  # not grep -q, which would end before tail does
  [ -z "${from[$1]:-}" ] || tail -c "+${from[$1]}" "$d/$1.log" | grep -e "$2" >/dev/null
}

# ready SECONDS "NAME…" COMMAND…: waits until COMMAND holds, as long as the processes live.
ready() {
  local end=$((SECONDS + $1)) limit=$1 names=$2 name
  shift 2
  until "$@"; do
    for name in $names; do alive "$(<"$d/$name.pid")" || failed "$name" "has ended"; done
    ((SECONDS < end)) || failed "${names%% *}" "cannot be used after $limit s (waited for: $*)"
    sleep 0.1
  done
}

failed() {
  echo "$kind: $1 $2; the end of $d/$1.log:" >&2
  tail -n 25 "$d/$1.log" >&2
  exit 1
}

# once NAME MAIN ARGS…: a Java that prepares the data, on the first start only.
once() {
  local name=$1
  shift
  [ -e "$d/$name.done" ] && return
  timeout 120 java "${java[@]}" "$@" </dev/null >>"$d/$name.log" 2>&1 7>&- || failed "$name" "failed"
  touch "$d/$name.done"
}

# site FILE: a configuration of Hadoop or HBase out of lines "NAME VALUE".
site() {
  local name value
  {
    echo "<configuration>"
    while read -r name value; do
      [ -z "$name" ] || echo "  <property><name>$name</name><value>$value</value></property>"
    done
    echo "</configuration>"
  } >"$d/conf/$1"
}
