"""Pictures of deliveries: recipients a second over time, with a mark where a process was killed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

_COLOURS = ("#1f4e79", "#c07000", "#2e7d32", "#6a1b9a")
_POINTS = 100
# A big list is cut into packets chunk by chunk; each of them alone would be a comb.
_NARROWEST = 0.05


@dataclass(frozen=True, slots=True)
class Series:
    """One run: when transactions were taken (seconds, of any clock), and of how many recipients."""

    name: str
    taken: Sequence[tuple[float, int]]


def draw(path: Path, series: Sequence[Series], *, kills: Sequence[float] = (), title: str = "") -> None:
    """Write a PNG, the series below each other, since their rates differ tenfold.

    `kills` are instants of the first series' clock; each series begins at its own first transaction.
    """
    figure, grid = plt.subplots(len(series), figsize=(9, 1 + 2.4 * len(series)), dpi=75, squeeze=False)
    for each, colour, [axes] in zip(series, _COLOURS, grid, strict=False):
        times, rates = _rates(each.taken)
        axes.step(times, rates, where="post", label=each.name, color=colour, linewidth=1)
        if kills and each is series[0]:
            zero = min(at for at, _ in each.taken)
            marks = [at - zero for at in kills]
            axes.vlines(
                marks, 0, 1, transform=axes.get_xaxis_transform(), color="#c00000", alpha=0.5, label="kill -9"
            )
        axes.set(xlabel="seconds", ylabel="recipients / s", xlim=(0, None), ylim=(0, None))
        axes.legend(framealpha=0.9, loc="lower right")
    figure.suptitle(title)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)


def _rates(taken: Sequence[tuple[float, int]]) -> tuple[list[float], list[float]]:
    began, ended = min(at for at, _ in taken), max(at for at, _ in taken)
    width = max((ended - began) / _POINTS, _NARROWEST)
    found = [0.0] * (int((ended - began) / width) + 2)
    for at, recipients in taken:
        found[int((at - began) / width)] += recipients / width
    return [number * width for number in range(len(found))], found
