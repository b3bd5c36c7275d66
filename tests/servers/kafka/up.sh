#!/usr/bin/env bash
# A real Kafka of one node (KRaft): up.sh DATADIR [PORT] [tls] [SETTING=VALUE…], as auto.create.topics.enable=false.
# kafka.pid. PORT takes all, PORT+2 asks for SASL/PLAIN: user streamer, password brook-4711; with tls PORT+3 asks for the same over
# TLS, or for SCRAM, and shows the certificate in DATADIR/broker.pem.
# Called again it starts over the same data what does not run.
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../common.sh"
open kafka "$1"
shift
base=
if [[ ${1:-} =~ ^[0-9]+$ ]]; then base=$1; shift; fi
tls=
if [ "${1:-}" = tls ]; then tls=yes; shift; fi
ports 4 "$base"
controller=$((port + 1)) sasl=$((port + 2))
cat >"$d/conf/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller,SASL://127.0.0.1:$sasl
advertised.listeners=PLAINTEXT://127.0.0.1:$port,SASL://127.0.0.1:$sasl
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
listener.name.sasl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_streamer="brook-4711";
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$d/data
num.partitions=4
auto.create.topics.enable=true
# messages of 10 MB are tried
message.max.bytes=20971520
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# after a kill nothing is to wait long for what was there before
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=200
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controlled.shutdown.enable=false
P
scram=()
if [ -n "$tls" ]; then
  tls=$((port + 3))
  if [ ! -e "$d/broker.pem" ]; then
    keytool -genkeypair -alias broker -keyalg RSA -keystore "$d/broker.p12" -storetype PKCS12 -storepass brook-4711 \
      -dname CN=localhost -ext san=ip:127.0.0.1,dns:localhost -validity 3650 >"$d/keytool.log" 2>&1
    keytool -exportcert -rfc -alias broker -keystore "$d/broker.p12" -storepass brook-4711 -file "$d/broker.pem" >>"$d/keytool.log" 2>&1
  fi
  sed -i -e "s|^listeners=.*|&,TLS://127.0.0.1:$tls|" -e "s|^advertised.listeners=.*|&,TLS://127.0.0.1:$tls|" \
    -e "s|^listener.security.protocol.map=.*|&,TLS:SASL_SSL|" "$d/conf/server.properties"
  login=org.apache.kafka.common.security
  cat >>"$d/conf/server.properties" <<P
listener.name.tls.ssl.keystore.type=PKCS12
listener.name.tls.ssl.keystore.location=$d/broker.p12
listener.name.tls.ssl.keystore.password=brook-4711
listener.name.tls.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.tls.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_streamer="brook-4711";
listener.name.tls.scram-sha-256.sasl.jaas.config=$login.scram.ScramLoginModule required;
listener.name.tls.scram-sha-512.sasl.jaas.config=$login.scram.ScramLoginModule required;
P
  for bits in 256 512; do scram+=(--add-scram "SCRAM-SHA-$bits=[name=streamer,password=brook-4711]"); done
fi
printf '%s\n' "$@" >>"$d/conf/server.properties"
quiet=(-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info
  -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS "-Djava.io.tmpdir=$d/tmp" -cp "$lib/*")
once format "${quiet[@]}" kafka.tools.StorageTool format --ignore-formatted -t MkU3OEVBNTcwNTJENDM2Qg -c "$d/conf/server.properties" "${scram[@]}"
start kafka -Xmx512m "${quiet[@]}" kafka.Kafka "$d/conf/server.properties"
# it says so when the controller lets it lead its partitions
up() { said kafka 'Kafka Server started' && reached "$port" "$sasl" $tls; }
ready 90 kafka up
echo "127.0.0.1:$port"
