"""The picture of a drill: recipients per second, and a mark for everything that happened."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from scripts.drill.counting import Mishap
from scripts.drill.mail_server import Transaction
from scripts.drill.outcome import Outcome
from scripts.drill.plan import CHAOS, KILLS

_BUCKET_SECONDS = 1.0


def draw(path: Path, outcome: Outcome, taken: Sequence[Transaction], journal: Sequence[Mishap]) -> None:
    """Write a PNG."""
    began = min([each.at for each in taken] + [each.at for each in journal])
    rates: dict[int, float] = {}
    for each in taken:
        bucket = int((each.at - began) / _BUCKET_SECONDS)
        rates[bucket] = rates.get(bucket, 0) + len(each.recipients) / _BUCKET_SECONDS
    times = range(max(rates, default=0) + 1)
    figure, axes = plt.subplots(figsize=(10, 3.6), dpi=80)
    axes.plot(list(times), [rates.get(each, 0) for each in times], color="#1f4e79", linewidth=1)
    kills = [each.at - began for each in journal if each.kind in KILLS]
    axes.vlines(kills, 0, 1, transform=axes.get_xaxis_transform(), color="#c00000", alpha=0.35, linewidth=0.7)
    for mishap in journal:
        if mishap.kind in CHAOS:
            end = max(mishap.until, mishap.at + 0.3) - began
            axes.axvspan(mishap.at - began, end, color="#e0a000", alpha=0.3)
    axes.set(xlabel="seconds", ylabel="recipients / s", xlim=(0, None), ylim=(0, None))
    axes.set_title(
        f"{outcome.database}: {outcome.kills} kills (red), everything else that failed (yellow); "
        f"skipped {outcome.skipped} of {outcome.recipients}",
        fontsize=10,
    )
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
