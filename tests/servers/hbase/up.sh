#!/usr/bin/env bash
# A real HBase on an HDFS of its own: up.sh DATADIR [RESTPORT].
# nn.pid and dn.pid (HDFS), hm.pid (ZooKeeper and master), rs.pid (region server), rest.pid (gateway).
# Called again it starts over the same data what does not run.
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/../common.sh"
. "$here/../hdfs/daemons.sh"
open hbase "$1"
ports 10 "${2:-}"
rest=$port zk=$((port + 1)) hm=$((port + 2)) rs=$((port + 3))
hdfs_daemons $((port + 5)) "$("$servers/fetch.sh" hdfs | tail -n 1)"
site hbase-site.xml <<P
hbase.rootdir hdfs://127.0.0.1:$((port + 5))/hbase
hbase.cluster.distributed true
hbase.tmp.dir $d/tmp
hbase.zookeeper.quorum 127.0.0.1
hbase.zookeeper.property.clientPort $zk
hbase.zookeeper.property.dataDir $d/zk
zookeeper.session.timeout 6000
zookeeper.session.timeout.localHBaseCluster 6000
hbase.master.hostname localhost
hbase.master.ipc.address 127.0.0.1
hbase.master.port $hm
hbase.master.info.port -1
hbase.unsafe.regionserver.hostname localhost
hbase.regionserver.ipc.address 127.0.0.1
hbase.regionserver.port $rs
hbase.regionserver.info.port -1
hbase.rest.host 127.0.0.1
hbase.rest.port $rest
hbase.rest.info.port -1
hbase.wal.provider filesystem
hbase.regionserver.msginterval 500
hbase.master.wait.on.regionservers.mintostart 1
hbase.master.wait.on.regionservers.timeout 500
hbase.master.wait.on.regionservers.interval 100
hbase.server.thread.wakefrequency 1000
hbase.lease.recovery.first.pause 500
hbase.lease.recovery.pause 500
hbase.lease.recovery.dfs.timeout 2000
hbase.rpc.timeout 10000
hbase.client.operation.timeout 30000
hbase.client.meta.operation.timeout 30000
P
opens=(-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true --add-modules jdk.unsupported)
for package in java.nio sun.nio.ch java.lang jdk.internal.ref java.lang.reflect java.util java.util.concurrent jdk.internal.util.random; do
  opens+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
for package in java.base/jdk.internal.misc java.security.jgss/sun.security.krb5 java.base/sun.net.dns java.base/sun.net.util; do
  opens+=(--add-exports "$package=ALL-UNNAMED")
done
run=("${opens[@]}" "-Djava.io.tmpdir=$d/tmp" -cp "$d/conf:$lib/*")
# told that it is not distributed the master brings ZooKeeper along
start hm -Xmx384m "${run[@]}" org.apache.hadoop.hbase.master.HMaster -D hbase.cluster.distributed=false --localRegionServers=0 start
start rs -Xmx384m "${run[@]}" org.apache.hadoop.hbase.regionserver.HRegionServer start
start rest -Xmx192m "${run[@]}" org.apache.hadoop.hbase.rest.RESTServer start

# Every region is open (T1BFTg==), at least the one of HBase's own table, or closed by will (Q0xPU0VE), on the region
# server that runs now: the master takes one that was killed for alive until its session ends, and who kills the master
# meanwhile may leave it a region that it opens for ever.
up() {
  local live server cells
  live=$(get "$rest" /status/cluster)
  [[ $live =~ \"LiveNodes\":\[\{[^]]*\"startCode\":([0-9]+) ]] || return
  ((BASH_REMATCH[1] >= $(date -r "$d/rs.pid" +%s%3N))) || return
  server=$(printf 'localhost,%s,%s' "$rs" "${BASH_REMATCH[1]}" | base64)
  cells=$(get "$rest" '/hbase:meta/*?column=info:sn&column=info:state' | grep -o '"\$":"[^"]*"' | cut -d '"' -f 4) || return
  grep -qxF T1BFTg== <<<"$cells" && ! grep -qvxF -e "$server" -e T1BFTg== -e Q0xPU0VE <<<"$cells"
}
ready 150 "hm rs rest nn dn" up
echo "http://127.0.0.1:$rest"
