"""Peers that answer, good ones and slow ones, in a process of their own: `python -m bench._answering_peers GOOD SLOW`.

Reads one line, the asker's issuer, its public key and the address that everybody holds; writes one line, the documents.
"""

import json
import sys
import time
from contextlib import ExitStack

from tests.wire.answering_peer import answering_peer, waiting

_LATE = 30


def main() -> None:
    """Answer until the end of the input."""
    good, slow = int(sys.argv[1]), int(sys.argv[2])
    asker = json.loads(sys.stdin.readline())
    with ExitStack() as running:
        found = [
            running.enter_context(answering_peer(lambda: time.time_ns() // 1000)) for _ in range(good + slow)
        ]
        for number, each in enumerate(found):
            each.on[asker["email"]] = [each.item(f"list{n}") for n in range(5)]
            names = each.handles(asker["issuer"], asker["agreement"])
            each.names = lambda names=names: names  # type: ignore[misc]
            if number >= good:
                each.speaks = waiting(_LATE)
        now = time.time_ns() // 1000
        documents = [{"issuer": each.url, "document": each.other.document(now)} for each in found]
        sys.stdout.write(json.dumps(documents) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
