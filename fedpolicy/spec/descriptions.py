"""
What each key means, in one or two sentences: the help of editors, of the schema, and of a missing key.

Kept apart from the models, so that a plain check does not load it. A test compares it with them.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DESCRIPTIONS", "ENTRIES", "describe"]

_OPERATED = (
    "Who performs it, if not the default of its kind: parties, or `participants`. It rests on them and on whose"
    " software does it."
)
_SAFEGUARDS = "What lowers or limits what others learn: a list of maps, each with its `kind`."
_SEALED = "Who can open what is sealed: nodes or parties."
_KIND = "Which safeguard this is."
_PURPOSE = "What the data are used for here."
_RETENTION = "For how many days the receiver keeps what it gets; 0: it keeps nothing."
_REFERENCE = "Where the document can be found: a path, a URL or a number."

_TERMS: Mapping[str, str] = {
    "retention_days": "For how many days whoever runs the model keeps what it is sent; 0: it keeps nothing.",
    "trains_on_inputs": "Whether whoever runs the model may train on what it is sent; then all its users may learn it.",
    "human_review": "Whether people at the provider may read what is sent.",
    "zero_retention": "Whether nothing is kept. An agreement of kind zero_retention covers it and wins.",
    "region": "Where the call is processed, such as a country code.",
}

ENTRIES: Mapping[str, str] = {
    "Deployment": "One federated deployment.",
    "Party": "Somebody who takes part, runs something, or receives something.",
    "Node": "A place where things run or rest. A list of parties makes one node for each of them.",
    "Tee": "A trusted execution environment around a node.",
    "Hardware": "What the machine offers.",
    "Dataset": "What is protected.",
    "Release": "One thing that the owner of a dataset allows.",
    "Model": "A model, an adapter, a learned prompt or a classifier head.",
    "Terms": "What whoever runs a model may do with what it is sent.",
    "Task": "What is repeated on data: training, evaluation, labelling.",
    "TreeHop": "One level of aggregators in a tree.",
    "ApiCall": "A call of a model that somebody else runs, or of a third party's service.",
    "Flow": "A movement of data that no task and no call implies.",
    "SharedReaders": "Readers of whom several together can open what is sealed.",
    "Agreement": "A contract. It permits; it never changes what somebody can learn.",
    "Governance": "Who decides, and what is kept as evidence.",
    "EuAiAct": "What the parties say of the system under Regulation (EU) 2024/1689.",
    "SecureAggregation": "The aggregator learns only the sum over at least `min_clients` clients.",
    "DifferentialPrivacy": "Calibrated noise. Without noise and clipping it counts for nothing.",
    "HomomorphicEncryption": "The payload stays encrypted for everybody but the holders of the key.",
    "EndToEndEncryption": "The payload stays encrypted from the sender to the named readers.",
    "SecretSharing": "The payload is split; `threshold` of the named readers together can read it.",
    "Deidentification": "Identifying parts are removed or changed before the payload leaves.",
    "NormBound": "Each contribution's norm is bounded. Limits poisoning, hides nothing.",
    "Filter": "Anything else that a framework calls a privacy filter. It lowers nothing.",
    "UpdateInspection": "Single updates are looked at before they are used.",
    "RobustAggregation": "The aggregation rule withstands some malicious contributions.",
    "Attestation": "The software that runs is measured and checked.",
    "LeakageAudit": "A published attack was run against the result before its release.",
}

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "Deployment": {
        "fedpolicy": "The version of the language: 1.",
        "name": "A short name; findings are shown under it.",
        "summary": "What the deployment is for, in a sentence or two.",
        "setting": "A few organisations (cross-silo), very many devices (cross-device), or no federation at all.",
        "parties": "Who there is, by id. Built in: `public`, `unknown`, and the set `participants`.",
        "nodes": "Where things run or rest, by id.",
        "datasets": "What is protected, by id.",
        "models": "Models, adapters, learned prompts and heads, by id.",
        "tasks": "What is repeated on data, by id: training, evaluation, labelling. A task implies its flows.",
        "api_calls": "Calls of models or services that somebody else runs, by id. A call implies its flow.",
        "flows": "Every other movement, by id: logs, dashboards, backups, exports.",
        "agreements": "Contracts between the parties, by id.",
        "governance": "Who decides, and what is kept as evidence.",
    },
    "Party": {
        "role": "What the party does: one role or a list. A provider runs models for others, a host only machines.",
        "jurisdiction": "The ISO 3166-1 alpha-2 code of its country, such as DE; a list for a population.",
        "trusts": "The parties whose safeguards it relies on. Not transitive. Left out: nobody.",
        "sector": "The sector it belongs to, such as healthcare.",
        "name": "Its full name.",
    },
    "Node": {
        "party": "The party that operates it. A list makes one node per entry: `client@aphp`.",
        "kind": "What it is. Only `client` has a meaning: the data on it belong to its party.",
        "operators": "Parties that also run it and see what it sees.",
        "host": "The party whose machines it runs on; it sees what the node sees. Left out: the node's own party.",
        "code_from": "The party whose software applies safeguards here. Left out: the node's own party.",
        "count": "How many distinct owners stand behind it: a cohort of a million phones is one node.",
        "region": "Where the machine stands, such as a country code or a cloud region.",
        "tee": "The trusted execution environment that it runs in.",
        "hardware": "What the machine offers.",
    },
    "Tee": {
        "kind": "The technology, such as sgx, tdx, sev-snp or nitro.",
        "attested": "Whether the environment proves what it runs.",
        "verified_by": "The parties that check the attestation. Left out: nobody does.",
    },
    "Hardware": {"gpu_memory_gib": "Memory of the accelerator, in GiB."},
    "Dataset": {
        "at": "The nodes where it rests, one instance each: `letters@charite`.",
        "owner": "The party whose data these are. Left out: the node's party, on client nodes only.",
        "categories": "What the data are about: ids of the catalogue, such as health or free-text.",
        "unit": "What one row stands for, and so what is protected.",
        "subjects": "How many units each instance holds; a cohort holds `count` times as many.",
        "purpose": _PURPOSE,
        "lawful_basis": "The legal basis of the processing under GDPR Article 6.",
        "special_basis": "The exception for special categories under GDPR Article 9.",
        "retention_days": "For how many days the data are kept.",
        "releases": "What the owner allows, as a list of `{to, up_to}`. Where it is given, nothing else is allowed.",
    },
    "Release": {
        "to": "Who may learn it: parties, `participants` or `public`.",
        "as": "In which capacity: as operator, host or provider. Left out: any.",
        "up_to": "The most that they may learn: none, bounded, inferable, reconstructable or verbatim.",
    },
    "Model": {
        "ref": "The model's id in the catalogue, which then knows its openness, licence and provider.",
        "weights": "Whether the weights can be downloaded: by everybody, on application (gated), or not.",
        "architecture": "Whether the architecture is published.",
        "inference_code": "Whether the code that runs it is published.",
        "training_code": "Whether the code that trained it is published.",
        "training_data": "Whether the training data are available, described, or undisclosed.",
        "licence": "An SPDX id, or LicenseRef-... for a licence that SPDX does not list.",
        "interface": "What a caller gets: text, top_logprobs, logprobs, embeddings, fine_tuning.",
        "claims": "How open its maker or the deployment says it is; compared with what the aspects show.",
        "provider": "Who runs it for others: a party, or a provider of the catalogue. Left out: the catalogue's.",
        "revision": "The exact version in use, such as a commit.",
        "digest": "The checksum of the weights, such as sha256:....",
        "format": "The file format, such as safetensors, gguf or pickle.",
        "weights_at": "The nodes that hold a runnable copy. A produced model rests where its task runs and aggregates.",
        "copies": "All the same (shared), each node its own (personal), or pieces of which running needs all (parts).",
        "via": "How it is called: the hops up to whoever runs it, such as [gateway, openai]. Each sees what is sent.",
        "account": "The party whose subscription it is; it may revoke the access. `participants`: each has its own.",
        "terms": "The terms of calls of this model; a call's own terms win.",
        "published": "Whether everybody can get it: a release to `public`.",
        "fallback": "Models that are used instead when this one cannot be reached.",
        "documentation": "Its model card, or what else tells users about it: the reference.",
        "systemic_risk": "Whether it is a general-purpose model with systemic risk under Regulation (EU) 2024/1689.",
        "open_source_exemption": "Whether its provider relies on its exemption for open models (article 53(2)).",
    },
    "Terms": _TERMS,
    "Task": {
        "method": "What is done: an id of the catalogue, such as fedavg, lora or llm_judge.",
        "model": "The model that goes in.",
        "evaluates": "The model whose outputs are judged.",
        "produces": "The model that comes out.",
        "data": "The datasets it works on. Data that are not where it runs are moved there as records.",
        "runs_on": "The nodes where it runs.",
        "aggregator": "The node that combines the updates. Left out: the only node of kind aggregator.",
        "topology": "Who exchanges with whom. Left out: a star with an aggregator, or what the method needs.",
        "hops": "The levels of aggregators of a tree, the clients' first: ids, or maps with safeguards of their own.",
        "via": "Relays between client and aggregator; each one sees what passes.",
        "labels_at": "The node that holds the labels, in vertical and split training.",
        "top_model_at": "The node that holds the top of the model, in vertical and split training.",
        "aggregation": "The rule: mean, weighted_mean, median, trimmed_mean, krum, norm_bounded, ...",
        "rounds": "How many rounds there are.",
        "clients_per_round": "How many clients contribute to a round.",
        "min_clients": "How many clients a round needs at least. Left out: `clients_per_round`.",
        "local_steps": "How many steps a client computes in a round.",
        "safeguards": _SAFEGUARDS,
    },
    "TreeHop": {
        "at": "The nodes of this level.",
        "min_clients": "How many clients each of them adds up at least.",
        "safeguards": "What protects what this level sends on.",
    },
    "ApiCall": {
        **_TERMS,
        "from": "The nodes that call.",
        "model": "The model that is called.",
        "provider": "Who is called, where no model is meant.",
        "sends": "The datasets whose content is sent.",
        "payload": "What is sent: a payload of the catalogue. Left out: prompts.",
        "purpose": _PURPOSE,
    },
    "Flow": {
        "from": "Where it comes from: nodes, else parties.",
        "to": "Where it goes: nodes, else parties, or `public`.",
        "payload": "What travels: a payload of the catalogue, such as metrics, logs or records.",
        "data": "The datasets or models it is about. Left out: all that `from` holds.",
        "transport": "How the connection is protected; it never hides anything from the receiver.",
        "safeguards": _SAFEGUARDS,
        "sealed_for": "Who can open it: nodes or parties, or `{threshold, of}` where several must come together.",
        "via": "Relays on the way; each one sees what passes.",
        "retention_days": _RETENTION,
        "purpose": _PURPOSE,
    },
    "SharedReaders": {
        "threshold": "How many of the readers must come together.",
        "of": "The readers: nodes or parties.",
    },
    "Agreement": {
        "kind": "What the contract is for.",
        "between": "The parties to it; `participants` stands for all of them.",
        "mechanism": "Of a transfer: standard contractual clauses, adequacy, binding corporate rules or a derogation.",
        "covers": "The datasets or categories it covers. Left out: everything between these parties.",
        "reference": _REFERENCE,
        "expires": "The day it ends, as YYYY-MM-DD.",
    },
    "Governance": {
        "withdrawal": "When a participant may leave.",
        "task_approval": "Who approves a task before it runs.",
        "safeguards_set_by": "Who sets the safeguards' parameters.",
        "audit_log": "Whether there is a log, and whether it can be changed.",
        "unlearning": "How a contribution is removed from a model.",
        "result_owner": "Who owns what is produced.",
        "incident_contact": "Whom to tell about an incident.",
        "dpia": "The data protection impact assessment: its reference.",
        "leakage_audit": "The report of an attack on the result: its reference.",
        "records_of_processing": "The records of processing activities: their reference.",
        "eu_ai_act": "What the parties say of the system under Regulation (EU) 2024/1689.",
    },
    "EuAiAct": {
        "risk": "The risk class, such as high or limited.",
        "roles": "Who is what under the regulation, as a map.",
        "technical_documentation": "The technical documentation (article 11 and Annex IV): its reference.",
        "data_governance": "How each participant's data were examined and prepared (article 10): the reference.",
    },
    "SecureAggregation": {
        "operated_by": _OPERATED,
        "kind": _KIND,
        "min_clients": "How many clients a sum has at least; must not be more than there are.",
        "protocol": "The protocol, such as secagg+.",
    },
    "DifferentialPrivacy": {
        "operated_by": _OPERATED,
        "kind": _KIND,
        "where": "Who adds the noise: each client, all of them together (needs secure aggregation), or the aggregator.",
        "mechanism": "How the noise is made.",
        "noise_multiplier": "Standard deviation of the noise over the clipping norm. 0 is no safeguard.",
        "clipping_norm": "The bound on one contribution's norm.",
        "sampling": "How contributions are drawn.",
        "sampling_rate": "The share that is drawn each time, above 0 and at most 1.",
        "steps": "How often noise is added. Left out: the rounds; for dp_sgd rounds times local steps.",
        "min_separation": "How many steps lie between two uses of the same unit at least.",
        "max_participations": "How often one unit is used at most.",
        "delta": "The delta of the guarantee; should be below one over the number of units.",
        "unit": "What one guarantee protects: a record, a person or a whole client.",
        "claimed_epsilon": "The epsilon that the deployment claims; it is recomputed and compared.",
        "claimed_rho": "The rho that the deployment claims (zero-concentrated differential privacy).",
    },
    "HomomorphicEncryption": {"operated_by": _OPERATED, "kind": _KIND, "sealed_for": _SEALED},
    "EndToEndEncryption": {"operated_by": _OPERATED, "kind": _KIND, "sealed_for": _SEALED},
    "SecretSharing": {
        "operated_by": _OPERATED,
        "kind": _KIND,
        "threshold": "How many of the readers must come together; must not be more than there are.",
        "of": "The readers: nodes or parties.",
    },
    "Deidentification": {
        "operated_by": _OPERATED,
        "kind": _KIND,
        "method": "How. No method makes free text less than reconstructable.",
    },
    "NormBound": {"operated_by": _OPERATED, "kind": _KIND, "limit": "The bound on the norm."},
    "Filter": {"operated_by": _OPERATED, "kind": _KIND, "name": "What the framework calls it."},
    "UpdateInspection": {"operated_by": _OPERATED, "kind": _KIND},
    "RobustAggregation": {"operated_by": _OPERATED, "kind": _KIND},
    "Attestation": {"operated_by": _OPERATED, "kind": _KIND},
    "LeakageAudit": {
        "operated_by": _OPERATED,
        "kind": _KIND,
        "attack": "The attack that was run.",
        "result": "What it found.",
        "reference": _REFERENCE,
    },
}


def describe(entry: str, key: str) -> str:
    """The first sentence of a key's meaning, to put behind the key; an empty text where there is none."""
    text = DESCRIPTIONS.get(entry, {}).get(key, "").split(". ")[0].removesuffix(".")
    return text[:1].lower() + text[1:]
