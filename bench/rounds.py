"""How contenders are measured: in turns, round by round, so that a machine that changes its pace changes it for all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How long each figure is measured."""

    rounds: int
    seconds: float


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int) -> tuple[float, dict[str, float]]:
    """Median over rounds of first/second (rates: higher is better), and the median of each."""
    samples: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            samples[name].append(measure())
    ours, peer = samples.values()
    ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True))
    return ratio, {name: statistics.median(values) for name, values in samples.items()}
