#!/usr/bin/env bash
# Brings the jars of servers from Maven Central, once: fetch.sh kafka|hdfs|hbase|flume…
# They go to KIND/ in $STREAMER_SERVERS, by default servers/ in cargo's target directory; prints where each is.
# Needs Java 17 and Maven 3.8; as root on Debian it installs them.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
cd "$here/../.."
cache=$(realpath -m "${STREAMER_SERVERS:-${CARGO_TARGET_DIR:-target}/servers}")
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

version() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1; }

# The tools, installed if that is possible.
tools() {
  if ! { command -v java && command -v mvn; } >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "fetch.sh: installing maven and default-jre-headless" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -y -q --no-install-recommends maven default-jre-headless; } >&2 </dev/null
  fi
  command -v java >/dev/null || missing "there is no java"
  [ "$(version)" -ge 17 ] 2>/dev/null || missing "java is version $(version)"
  command -v mvn >/dev/null || missing "there is no mvn"
}

missing() {
  echo "fetch.sh: $1; the servers need Java 17 or newer and Maven 3.8 or newer: apt-get install maven default-jre-headless" >&2
  exit 1
}

# A directory has its name only when it is complete, and the name tells the pom that it was made from.
fetch() {
  local kind=$1 home attempt
  home=$cache/$kind/$(sha256sum "$here/$kind/pom.xml" | cut -c 1-12)
  if [ ! -d "$home" ]; then
    tools
    rm -rf "${cache:?}/$kind"
    mkdir -p "$cache/$kind"
    for attempt in 1 2 3; do
      rm -rf "$home.part"
      # -U: what could not be had once is asked for again
      if timeout 900 mvn -B -q -U -Dstyle.color=never --strict-checksums -f "$here/$kind/pom.xml" "$plugin:copy-dependencies" \
        -DincludeScope=runtime "-DoutputDirectory=$home.part" </dev/null >&2; then
        mv "$home.part" "$home"
        break
      fi
      echo "fetch.sh: $kind: attempt $attempt failed" >&2
    done
    [ -d "$home" ] || { echo "fetch.sh: cannot fetch the jars of $kind from Maven Central" >&2; exit 1; }
  fi
  command -v java >/dev/null || tools
  echo "$home"
}

[ $# -gt 0 ] || { echo "usage: fetch.sh kafka|hdfs|hbase|flume…" >&2; exit 2; }
for kind in "$@"; do
  [ -f "$here/$kind/pom.xml" ] || { echo "fetch.sh: no server $kind: kafka, hdfs, hbase or flume" >&2; exit 2; }
done
# One at a time: Maven's own store is shared by all.
exec 9>"/tmp/streamer-fetch.$UID.lock"
flock 9
for kind in "$@"; do fetch "$kind"; done
