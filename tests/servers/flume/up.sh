#!/usr/bin/env bash
# A real Flume agent that ships the lines of files to an avro source: up.sh DATADIR PORT [SETTING=VALUE…]
# A file renamed into DATADIR/spool is shipped (names that end in .tmp are left alone) and is then called NAME.COMPLETED.
# Settings are the sink's (compression-type=deflate), or source.NAME=…, channel.NAME=….
# agent.pid. Called again it starts over the same data if it does not run.
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../common.sh"
open flume "$1"
to=$2
shift 2
mkdir -p "$d/spool"
{
  cat <<P
a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = spooldir
a.sources.r.channels = c
a.sources.r.spoolDir = $d/spool
a.sources.r.ignorePattern = ^.*\\\\.tmp\$
a.sources.r.basenameHeader = true
a.sources.r.pollDelay = 100
a.sources.r.deserializer.maxLineLength = 1048576
a.channels.c.type = file
a.channels.c.checkpointDir = $d/channel/checkpoint
a.channels.c.dataDirs = $d/channel/data
a.channels.c.minimumRequiredSpace = 1048576
a.sinks.k.type = avro
a.sinks.k.channel = c
a.sinks.k.hostname = 127.0.0.1
a.sinks.k.port = $to
a.sinks.k.batch-size = 100
a.sinks.k.connect-timeout = 5000
a.sinks.k.request-timeout = 10000
P
  for setting in "$@"; do
    case $setting in
      source.*) echo "a.sources.r.${setting#source.}" ;;
      channel.*) echo "a.channels.c.${setting#channel.}" ;;
      *) echo "a.sinks.k.$setting" ;;
    esac
  done
} >"$d/conf/flume.conf"
start agent -Xmx192m -Dorg.slf4j.simpleLogger.defaultLogLevel=info "-Djava.io.tmpdir=$d/tmp" -cp "$lib/*" \
  org.apache.flume.node.Application -n a -f "$d/conf/flume.conf" --no-reload-conf
up() { said agent 'type: SINK, name: k started' && said agent 'type: SOURCE, name: r started'; }
ready 60 agent up
echo "$d/spool"
