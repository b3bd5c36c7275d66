#!/usr/bin/env bash
# A real HDFS, NameNode and DataNode: up.sh DATADIR [PORT].
# nn.pid, dn.pid; DATADIR/conf is a HADOOP_CONF_DIR. Called again it starts over the same data what does not run.
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/../common.sh"
. "$here/daemons.sh"
open hdfs "$1"
ports 5 "${2:-}"
hdfs_daemons "$port" "$lib"
echo "hdfs://127.0.0.1:$port"
