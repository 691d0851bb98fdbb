"""Words that the language shares with the catalogue."""

from __future__ import annotations

from typing import Literal

__all__ = ["Access", "Level", "Published", "TrainingData", "Weights"]

Level = Literal["none", "bounded", "inferable", "reconstructable", "verbatim"]
Weights = Literal["open", "gated", "closed"]
Published = Literal["open", "closed"]
TrainingData = Literal["open", "described", "undisclosed"]
Access = Literal["text", "top_logprobs", "logprobs", "embeddings", "fine_tuning"]
