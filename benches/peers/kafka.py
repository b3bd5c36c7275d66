"""Counts the records of a topic with Spark Structured Streaming: kafka.py BROKERS TOPIC; prints seconds without its start, and the count."""
import sys
import time

from pyspark.sql import SparkSession

brokers, topic = sys.argv[1:]
package = "org.apache.spark:spark-sql-kafka-0-10_2.13:"
import pyspark

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars.packages", package + pyspark.__version__)
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
rows = []
began = time.monotonic()
query = (
    counted.writeStream.outputMode("complete")
    .trigger(availableNow=True)
    .foreachBatch(lambda frame, _: rows.extend(frame.collect()))
    .start()
)
query.awaitTermination()
print(f"{time.monotonic() - began:.2f}\t{rows[-1][0]}")
