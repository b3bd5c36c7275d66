"""A sliding window by Spark's DStreams: windows.py WINDOW SLIDES KEYS TOUCHED inverse|plain

Each slide brings TOUCHED pairs (key, 1) of KEYS keys; counted is how many keys the window of WINDOW slides holds. Prints of each
slide its number, the count, and the seconds that its job took, as far as they come within the time that is left (LIMIT seconds).
"""
import os
import sys
import tempfile
import time

from pyspark import SparkContext
from pyspark.streaming import StreamingContext

window, slides, keys, touched = map(int, sys.argv[1:5])
inverse = sys.argv[5] == "inverse"
limit = float(os.environ.get("LIMIT", "300"))
batch = 0.1

spark = SparkContext("local[2]", "windows")
spark.setLogLevel("ERROR")
stream = StreamingContext(spark, batch)
stream.checkpoint(tempfile.mkdtemp())


def key(slide, n):
    return (((slide * touched + n) * 2654435761) & 0xFFFFFFFF) % keys


def pairs(slide):
    return spark.range(0, touched, 1, 2).map(lambda n: (key(slide, n), 1))


queue = stream.queueStream([pairs(slide) for slide in range(slides)], oneAtATime=True)
back = (lambda a, b: a - b) if inverse else None
counts = queue.reduceByKeyAndWindow(lambda a, b: a + b, back, window * batch, batch, 2, lambda pair: pair[1] > 0)
done = [0]


def finish(rdd):
    if done[0] < slides:
        began = time.time()
        count = rdd.count()
        print(done[0] + 1, count, f"{time.time() - began:.4f}", sep="\t", flush=True)
        done[0] += 1


counts.foreachRDD(finish)
began = time.time()
stream.start()
while done[0] < slides and time.time() - began < limit:
    stream.awaitTerminationOrTimeout(0.5)
os._exit(0)
