"""Contradictions: what only several values of a document show together. One file a subject."""

from __future__ import annotations

from fedpolicy.language.reading.checks.entries import (
    check_agreements,
    check_calls,
    check_datasets,
    check_fallbacks,
    check_flows,
    check_models,
    check_nodes,
    check_retrieval,
)
from fedpolicy.language.reading.checks.exchange import (
    check_ciphertext,
    check_closed_weights,
    check_emulators,
    check_local_transport,
    check_payloads,
    check_topology,
    check_ways,
    check_without_updates,
)
from fedpolicy.language.reading.checks.safeguards import (
    check_cohorts,
    check_flow_cohorts,
    check_noise,
    check_readers,
    check_sizes,
)
from fedpolicy.language.reading.checks.texts import check_digests, check_texts, check_words
from fedpolicy.language.reading.mistakes import Check

__all__ = ["CHECKS"]

CHECKS: tuple[Check, ...] = (
    check_texts,
    check_digests,
    check_words,
    check_sizes,
    check_datasets,
    check_nodes,
    check_models,
    check_fallbacks,
    check_topology,
    check_cohorts,
    check_calls,
    check_retrieval,
    check_flows,
    check_flow_cohorts,
    check_noise,
    check_readers,
    check_agreements,
    check_payloads,
    check_ciphertext,
    check_closed_weights,
    check_ways,
    check_emulators,
    check_local_transport,
    check_without_updates,
)
