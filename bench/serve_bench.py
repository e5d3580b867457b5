#!/usr/bin/env python3
"""serve_bench.py BUILD: what `candid serve` of a build folder (preset bench, models installed)
costs. Prints the table of docs/performance.md, "Serving".

Idle memory with an empty state; from exec to /readyz with a gallery of made-up people, database
and models dropped from the page cache before each start; memory through many signed requests on
connections that stay open (DetectFaces, SearchFacesByImage and ListFaces of a photo of
../shared in turn; without photos ListFaces only)."""
import os
import pathlib
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
import served  # noqa: E402

READY_S = 3
IDLE_MIB = 150
FLAT = 0.05

options = served.options(__doc__)
options.add_argument("--faces", type=int, default=100_000)
options.add_argument("--requests", type=int, default=10_000)
options.add_argument("--warm-up", type=int, default=1_000)
options.add_argument("--connections", type=int, default=4)
options.add_argument("--starts", type=int, default=5)
arguments = options.parse_args()
harness = served.harness_on(arguments.build)


def drop_from_cache(*folders):
    for folder in folders:
        for path in pathlib.Path(folder).iterdir():
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def idle_mib(server):
    time.sleep(2)
    return server.resident_mib()


def seconds_to_ready(server):
    drop_from_cache(server.state, harness.MODELS, arguments.build / "apps")
    start = time.monotonic()
    server.start()
    return time.monotonic() - start


def bodies():
    listing = ("ListFaces", {"CollectionId": "people", "MaxResults": 100})
    if not harness.photos(1, 3):
        return [listing]
    image = {"Bytes": harness.base64_text(harness.photo(0, 0))}
    return [("DetectFaces", {"Image": image}), listing,
            ("SearchFacesByImage", {"CollectionId": "people", "Image": image,
                                    "FaceMatchThreshold": 0, "MaxFaces": 10})]


def send(server, count):
    """Sends so many requests over the connections; returns the seconds that it took."""
    work = bodies()
    failures = []

    def talk(numbers):
        try:
            with server.connect() as connection:
                for number in numbers:
                    connection.sendall(server.request(*work[number % len(work)]))
                    answer = harness.read_answer(connection)
                    if answer.status != 200:
                        raise RuntimeError(answer.body)
        except Exception as error:  # of a thread: told to the main one
            failures.append(error)
    threads = [threading.Thread(target=talk, args=(range(i, count, arguments.connections),))
               for i in range(arguments.connections)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - start


def rows():
    with harness.running() as server:
        idle = idle_mib(server)
        yield "idle, empty state", f"{idle:.0f} MiB", f"< {IDLE_MIB} MiB", idle < IDLE_MIB
        server.stop()
        served.fill(arguments.build, server, arguments.faces)
        starts = []
        for _ in range(arguments.starts):
            starts.append(seconds_to_ready(server))
            server.stop()
        ready = statistics.median(starts)
        yield (f"exec to /readyz, {arguments.faces:,} faces, median of {len(starts)}",
               f"{ready:.2f} s ({min(starts):.2f} to {max(starts):.2f})", f"< {READY_S} s",
               ready < READY_S)
        server.start()
        filled = idle_mib(server)
        send(server, arguments.warm_up)
        memory = [server.resident_mib()]
        seconds = 0.0
        for _ in range(10):
            seconds += send(server, arguments.requests // 10)
            memory.append(server.resident_mib())
        growth = max(memory) / memory[0] - 1
        yield (f"after {arguments.warm_up:,} requests and {arguments.requests:,} more",
               f"{memory[0]:.0f} MiB, then at most {max(memory):.0f} ({growth:+.1%}); "
               f"{filled:.0f} before", f"within {FLAT:.0%}", growth <= FLAT)
        yield (f"requests a second, {arguments.connections} connections",
               f"{arguments.requests / seconds:.0f}", "", True)


served.print_table(rows())
