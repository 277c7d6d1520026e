"""Robust statistics: a median and a spread that single outliers do not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

# Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): 0.6745 is the 0.75 quantile of the normal
# distribution; where more than half of the values are equal the mean absolute deviation takes over.
MAD_SCALE = 0.6745
MEAN_SCALE = 1.253314


@dataclass(frozen=True)
class Spread:
    """Where values lie and how far apart: their median, and the median and mean distance from it."""

    middle: float
    mad: float
    mean: float

    def z(self, value: float) -> float:
        """How many robust standard deviations `value` is above the median; 0 where all values equal it."""
        if self.mad:
            return MAD_SCALE * (value - self.middle) / self.mad
        if self.mean:
            return (value - self.middle) / (MEAN_SCALE * self.mean)
        return 0.0 if value == self.middle else float("inf")


def spread_of(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    middle = median(values)
    distances = [abs(value - middle) for value in values]
    return Spread(middle, median(distances), fmean(distances))


def mad(values: Sequence[float]) -> float:
    """The median absolute deviation from the median."""
    return spread_of(values).mad
