"""Words that more than one element uses, or the catalogue, or the analysis. Their order is theirs: it counts."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "AGGREGATIONS",
    "SECTORS",
    "Access",
    "Level",
    "OpennessClass",
    "Published",
    "TrainingData",
    "Transport",
    "Unit",
    "Weights",
]

Level = Literal["none", "bounded", "inferable", "reconstructable", "verbatim"]
Unit = Literal["record", "day", "person", "client"]  # the larger, the more one guarantee covers
OpennessClass = Literal["open_source", "open_weight", "gray_box", "black_box"]
Weights = Literal["open", "gated", "closed"]
Published = Literal["open", "closed"]
Transport = Literal["none", "tls", "mtls"]  # the later, the safer
TrainingData = Literal["open", "described", "undisclosed"]
Access = Literal["text", "top_logprobs", "logprobs", "embeddings", "fine_tuning"]
# Words of keys that take others as well: what is nearly one of them is a slip of the pen.
AGGREGATIONS = (
    "mean",
    "weighted_mean",
    "sum",
    "median",
    "coordinate_median",
    "geometric_median",
    "trimmed_mean",
    "krum",
    "multi_krum",
    "bulyan",
    "norm_bounded",
    "majority",
)
SECTORS = (
    "health",
    "healthcare",
    "research",
    "education",
    "government",
    "finance",
    "insurance",
    "software",
    "telecommunications",
    "manufacturing",
    "energy",
    "transport",
    "retail",
)
