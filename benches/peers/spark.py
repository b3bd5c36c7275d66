"""Counts of words and sums of clicks by Spark, on two threads: spark.py dstream|dataframe words|clicks FILE

dstream: the file is one batch of a queue (StreamingContext.queueStream), its functions written in Python. dataframe: the same by
DataFrames, where no Python runs for a row. A row of the result is `KEY<tab>NUMBER`, in any order.
"""
import glob
import os
import shutil
import sys
import tempfile

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.streaming import StreamingContext

how, task, path = sys.argv[1:4]
settings = {"spark.driver.memory": "6g", "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
spark = SparkContext(conf=SparkConf().setMaster("local[2]").setAppName("peers").setAll(settings.items()))
spark.setLogLevel("ERROR")
folder = tempfile.mkdtemp(prefix="peers-spark-")
result = os.path.join(folder, "result")


def by_dstream():
    stream = StreamingContext(spark, 1)
    lines = stream.queueStream([spark.textFile(path, 8)])
    if task == "words":
        pairs = lines.flatMap(lambda line: line.split()).map(lambda word: (word, 1))
    else:
        pairs = lines.map(lambda line: line.split(",")).map(lambda row: (row[0], int(row[1])))
    sums = pairs.reduceByKey(lambda a, b: a + b, 2)
    done = []

    # The first batch holds the file; those behind it are empty.
    def write(rdd):
        if not done:
            rdd.map(lambda pair: f"{pair[0]}\t{pair[1]}").saveAsTextFile("file://" + result)
            done.append(True)

    sums.foreachRDD(write)
    stream.start()
    while not done:
        if stream.awaitTerminationOrTimeout(0.05):
            break
    stream.stop(stopSparkContext=False, stopGraceFully=False)


def by_dataframe():
    session = SparkSession(spark)
    if task == "words":
        words = session.read.text(path).select(f.explode(f.split("value", " ")).alias("key"))
        sums = words.where("key <> ''").groupBy("key").count()
    else:
        rows = session.read.csv(path, schema="key string, n int")
        sums = rows.groupBy("key").agg(f.sum("n"))
    sums.write.csv("file://" + result, sep="\t", quote="", escape="", emptyValue="")


try:
    by_dstream() if how == "dstream" else by_dataframe()
    sys.stdout.flush()
    for part in sorted(glob.glob(result + "/part-*")):
        with open(part, "rb") as rows:
            shutil.copyfileobj(rows, sys.stdout.buffer, 1 << 20)
    sys.stdout.buffer.flush()
    # So that the time and the memory of the virtual machine are counted with ours: it ends with its input.
    gateway = spark._gateway
    spark.stop()
    gateway.shutdown()
    if getattr(gateway, "proc", None):
        gateway.proc.stdin.close()
        gateway.proc.wait()
finally:
    shutil.rmtree(folder, ignore_errors=True)
