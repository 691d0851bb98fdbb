"""
NVIDIA FLARE: the `privacy.json` of a site, whose filters run before those of any job, and which no job can refuse.

By nvflare 2.9.0: private/fed/app/fl_conf.py reads the file; app_common/filters and app_opt/he have the filters.
"""

from __future__ import annotations

import json
from typing import Any

from fedpolicy.enforce.plan import Enforced, LeftOut, Plan
from fedpolicy.errors import InputError
from fedpolicy.language.model.safeguards import DifferentialPrivacy, Filter, Safeguard

SUMMARY = "a site's privacy.json for NVIDIA FLARE"
_FILTERS = "nvflare.app_common.filters"
_PLAIN = {"PercentilePrivacy": "percentile_privacy", "ExcludeVars": "exclude_vars"}
_HE = "nvflare.app_opt.he"
_NOISE = f"{_FILTERS}.svt_privacy.SVTPrivacy"


def write(plan: Plan) -> Enforced:
    """One scope, which is the default: all filters of all tasks, so that no job falls to one without any."""
    results: list[_Filter] = []
    data: list[_Filter] = []
    left_out: list[LeftOut] = []
    for task, at, one in plan.safeguards():
        found = _filters(one)
        why = f" is not in the file: {_lacks(one)}" if found is None else f": {_doubt(one)}" if _doubt(one) else ""
        if why:
            message = f"{one.kind.replace('_', ' ')} of {task}{why}"
            left_out.append(LeftOut(message=message, span=plan.at("tasks", task, "safeguards", at)))
        out, into = found or ([], [])
        results += [entry for entry in out if entry not in results]
        data += [entry for entry in into if entry not in data]
    if not results:
        raise InputError(
            "no safeguard that is declared can be a filter of NVFLARE, so the file would filter nothing",
            span=plan.at("tasks"),
            help="; ".join(one.message for one in left_out) or "declare the safeguards of the tasks",
        )
    scope = {"name": "declared", "task_data_filters": data, "task_result_filters": _ordered(results)}
    text = json.dumps({"scopes": [scope], "default_scope": "declared"}, indent=2)
    return Enforced(text=f"{text}\n", left_out=tuple(left_out))


_Filter = dict[str, Any]


def _filters(one: Safeguard) -> tuple[list[_Filter], list[_Filter]] | None:
    """Filters of results and of data that perform a safeguard; None where there are none."""
    if isinstance(one, DifferentialPrivacy) and one.where == "client" and one.mechanism == "sparse_vector":
        return [{"path": _NOISE, "args": _numbers(one)}], []
    if isinstance(one, Filter) and one.name in _PLAIN:
        return [{"path": f"{_FILTERS}.{_PLAIN[one.name]}.{one.name}"}], []
    if one.kind == "homomorphic_encryption":
        encrypt = {"path": f"{_HE}.model_encryptor.HEModelEncryptor"}
        return [encrypt], [{"path": f"{_HE}.model_decryptor.HEModelDecryptor"}]
    return None


def _lacks(one: Safeguard) -> str:
    if isinstance(one, DifferentialPrivacy):
        return f"NVFLARE ships no filter for {one.mechanism} noise at the {one.where}"
    if isinstance(one, Filter):
        return f"NVFLARE ships no filter `{one.name}`"
    return "nobody says which safeguards there are" if one.kind == "unknown" else "a site's filters cannot do it"


def _numbers(one: DifferentialPrivacy) -> dict[str, float]:
    """SVTPrivacy cuts values off at gamma, and its noise on each has the scale 2 gamma / noise_var."""
    scale = one.answer_noise or one.noise_multiplier
    found: dict[str, float] = {}
    if one.clipping_norm is not None:
        found["gamma"] = one.clipping_norm
    if scale:
        found["noise_var"] = 2 / scale
    return found


def _doubt(one: Safeguard) -> str:
    """What has to be known of a filter that is in the file."""
    if isinstance(one, DifferentialPrivacy):
        lacking = [key for key in ("clipping_norm", "noise_multiplier") if getattr(one, key) is None]
        return f"{' and '.join(lacking)} not stated, so NVFLARE's own default holds" if lacking else ""
    if isinstance(one, Filter):
        return "its numbers are not declared, so NVFLARE's own defaults hold"
    return "it needs the keys that HEBuilder makes, and no job may encrypt as well"


def _ordered(results: list[_Filter]) -> list[_Filter]:
    """What encrypts comes last: no other filter reads what is encrypted."""
    return sorted(results, key=lambda one: str(one["path"]).startswith(_HE))
