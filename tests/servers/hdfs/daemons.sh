# Sourced: hdfs_daemons PORT JARS [NAME=VALUE…] starts a NameNode (PORT, http PORT+1) and a DataNode (PORT+2 to PORT+4) in $d.
# shellcheck shell=bash disable=SC2154 # $d, $java: ../common.sh

hdfs_daemons() {
  local p=$1 jars=$2
  hdfs=$1
  shift 2
  site core-site.xml <<P
fs.defaultFS hdfs://127.0.0.1:$p
hadoop.tmp.dir $d/tmp
P
  # A lease lasts as long as the shortest that HDFS knows: clients renew theirs every 30 s.
  site hdfs-site.xml <<P
dfs.namenode.name.dir file://$d/nn
dfs.datanode.data.dir file://$d/dn
dfs.namenode.http-address 127.0.0.1:$((p + 1))
dfs.datanode.address 127.0.0.1:$((p + 2))
dfs.datanode.http.address 127.0.0.1:$((p + 3))
dfs.datanode.ipc.address 127.0.0.1:$((p + 4))
dfs.namenode.datanode.registration.ip-hostname-check false
dfs.replication 1
dfs.permissions.enabled false
dfs.namenode.fs-limits.min-block-size 1024
dfs.client.block.write.replace-datanode-on-failure.policy NEVER
dfs.namenode.safemode.extension 0
dfs.heartbeat.interval 1
dfs.namenode.heartbeat.recheck-interval 1000
dfs.namenode.stale.datanode.interval 3000
dfs.namenode.redundancy.interval.seconds 1s
dfs.namenode.lease-hard-limit-sec 60
dfs.namenode.lease-recheck-interval-ms 500
dfs.client.socket-timeout 10000
dfs.datanode.socket.write.timeout 10000
ipc.client.connect.retry.interval 200
ipc.client.connect.max.retries 50
$(printf '%s\n' "${@/=/ }")
P
  cat >"$d/conf/log4j.properties" <<P
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n
P
  # they want the pages of their web servers, which Central does not have; none are needed
  mkdir -p "$d/conf/webapps/hdfs" "$d/conf/webapps/datanode"
  local run=(-Xmx192m "-Djava.io.tmpdir=$d/tmp" -cp "$d/conf:$jars/*")
  once format "${run[@]}" org.apache.hadoop.hdfs.server.namenode.NameNode -format -force -nonInteractive
  start nn "${run[@]}" org.apache.hadoop.hdfs.server.namenode.NameNode
  start dn "${run[@]}" org.apache.hadoop.hdfs.server.datanode.DataNode
  ready 90 "nn dn" hdfs_up
}

# The NameNode knows a living DataNode and has left safe mode, and the DataNode that runs now is that one.
hdfs_up() {
  local state
  state=$(get $((hdfs + 1)) '/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState')
  [[ $state =~ \"NumLiveDataNodes\"\ *:\ *1, && $state =~ \"FSState\"\ *:\ *\"Operational\" ]] || return
  state=$(get $((hdfs + 3)) '/jmx?qry=Hadoop:service=DataNode,name=DataNodeInfo')
  [[ $state =~ ActorState.{0,8}RUNNING ]] && reached "$hdfs" $((hdfs + 2))
}
