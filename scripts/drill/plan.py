"""What is going to happen in a drill: a list of mishaps, the same for the same seed."""

import random
from collections.abc import Collection
from dataclasses import dataclass

from bench._counting_sink import MOODS

KILLS = {
    "kill": "a worker that delivers is killed (SIGKILL)",
    "kill-expanding": "a worker is killed just after a post was taken, while it is cut into packets",
    "kill-door": "the accepting process is killed while a post is being handed to it",
}
CHAOS = {
    "redis-flush": "Redis is emptied",
    "redis-kill": "the Redis process is killed",
    "postgresql": "PostgreSQL is stopped at once and started again",
    "freeze": "a worker is stopped (SIGSTOP) until its leases have ended, and goes on (SIGCONT)",
} | {mood: f"the mail server {what}" for mood, what in MOODS.items() if mood != "well"}
_LONGEST_PAUSE = 0.8


@dataclass(frozen=True, slots=True)
class Options:
    """How a drill is held; `mode` is grouped, each or both.

    `lease` is in seconds: longer than a busy machine lets a worker wait for its turn, or that is a freeze that nobody planned.
    """

    mode: str = "both"
    recipients: int = 1_000
    kills: int = 200
    chaos: tuple[str, ...] = tuple(CHAOS)
    seed: int = 1
    workers: int = 3
    lease: int = 10


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: `pause` seconds after the one before; `chance` (0 to 1) chooses whom it befalls and when."""

    kind: str
    pause: float
    chance: float


def planned(options: Options, *, with_postgresql: bool) -> list[Act]:
    """So many kills, and between them each kind of chaos at least once, more often in a long drill."""
    chance = random.Random(options.seed)
    kills = ["kill"] * options.kills
    for place in range(0, options.kills, 5):
        kills[place] = chance.choice(["kill-expanding", "kill-door"])
    if options.kills > 4:
        kills[1:3] = ["kill-expanding", "kill-door"]
    chaos = _without_postgresql(options.chaos, with_postgresql=with_postgresql)
    often = max(1, options.kills // 40) if options.kills else 1
    kinds = kills + list(chaos) * often
    chance.shuffle(kinds)
    return [Act(kind, chance.uniform(0, _LONGEST_PAUSE), chance.random()) for kind in kinds]


def _without_postgresql(chaos: Collection[str], *, with_postgresql: bool) -> list[str]:
    return [kind for kind in chaos if with_postgresql or kind != "postgresql"]
