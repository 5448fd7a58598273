"""One delivering process: `python -m bench.delivery._one_worker URL PORT CONNECTIONS`.

Says "ready". At one line that it reads it begins to deliver, at the next it ends and says how many seconds of CPU it
had, and so on: a server delivers its first post once and many others after it.
"""

import asyncio
import gc
import sys
import time

import uvloop

from bench._world import SITE
from bench.bare_smtp import HOST
from delivery.line import MailServer
from delivery.worker import Worker
from storage.opening import open_database, sqlite_path


async def _deliver(url: str, port: int, connections: int) -> None:
    database = await open_database(url, SITE)
    server = MailServer(HOST, port, tls="none")
    alone = sqlite_path(url) is not None
    # As `postroom worker` does.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        worker = Worker(database, server, connections=connections, is_alone=alone)
        began = time.process_time()
        running = asyncio.create_task(worker.run())
        await asyncio.to_thread(sys.stdin.readline)
        cpu = time.process_time() - began
        worker.stop.set()
        await running
        print(cpu, flush=True)
    await database.close()


if __name__ == "__main__":
    uvloop.run(_deliver(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
