#!/usr/bin/env bash
# A real HDFS, NameNode and DataNode: up.sh DATADIR [PORT] [NAME=VALUE…], as dfs.permissions.enabled=true.
# nn.pid, dn.pid; DATADIR/conf is a HADOOP_CONF_DIR. Called again it starts over the same data what does not run.
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/../common.sh"
. "$here/daemons.sh"
open hdfs "$1"
shift
base=
if [[ ${1:-} =~ ^[0-9]+$ ]]; then base=$1; shift; fi
ports 5 "$base"
hdfs_daemons "$port" "$lib" "$@"
echo "hdfs://127.0.0.1:$port"
