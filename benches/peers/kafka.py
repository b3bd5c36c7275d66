"""Counts the records of a topic with Spark Structured Streaming: kafka.py BROKERS TOPIC; prints seconds and CPU seconds without its
start, and the count. Spark's Kafka package is fetched from Maven Central, in the version of the PySpark that runs this."""
import os
import sys
import time

import pyspark
from pyspark.sql import SparkSession

brokers, topic = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars.packages", f"org.apache.spark:spark-sql-kafka-0-10_2.13:{pyspark.__version__}")
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
stream = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", brokers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .load()
)
counted = stream.groupBy().count()


def cpu():
    with open(f"/proc/{spark.sparkContext._gateway.proc.pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


rows = []
began, used = time.monotonic(), cpu()
query = (
    counted.writeStream.outputMode("complete")
    .trigger(availableNow=True)
    .foreachBatch(lambda frame, _: rows.extend(frame.collect()))
    .start()
)
query.awaitTermination()
print(f"{time.monotonic() - began:.2f}\t{cpu() - used:.2f}\t{rows[-1][0]}")
