"""Robust statistics: a median and a spread that single outliers do not move."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

# Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): 0.6745 is the 0.75 quantile of the normal
# distribution; where more than half of the values are equal the mean absolute deviation takes over.
MAD_SCALE = 0.6745
MEAN_SCALE = 1.253314


def mad(values: Sequence[float]) -> float:
    """The median absolute deviation from the median."""
    middle = median(values)
    return median(abs(value - middle) for value in values)


def robust_z(value: float, values: Sequence[float]) -> float:
    """How many robust standard deviations `value` is above the median of `values`; 0 where all equal it."""
    middle = median(values)
    if spread := mad(values):
        return MAD_SCALE * (value - middle) / spread
    if mean := fmean(abs(one - middle) for one in values):
        return (value - middle) / (MEAN_SCALE * mean)
    return 0.0 if value == middle else float("inf")
