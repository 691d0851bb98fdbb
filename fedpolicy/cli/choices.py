"""The command line over the configuration file over the defaults; and where each value came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fedpolicy.cli.terminal import chatter
from fedpolicy.config import Config, discover
from fedpolicy.files import HERE, Files, Root, root_of
from fedpolicy.limits import TIMEOUT, USUAL
from fedpolicy.policy.load import shipped_packs
from fedpolicy.records import dataclass
from fedpolicy.settings import Settings
from fedpolicy.sources import Search

if TYPE_CHECKING:
    from fedpolicy.findings import Finding


@dataclass(frozen=True, slots=True)
class _Pinned:
    """A pack by name or path, or a catalogue by path, perhaps pinned to a digest."""

    path: str
    sha256: str | None = None


_DEFAULTS: Mapping[str, Any] = {
    "packs": [_Pinned("federation")],
    "catalogs": [],
    "select": [],
    "ignore": [],
    "exclude": [],
    "gitignore": True,
    "jobs": "auto",
    "timeout": TIMEOUT,
    "fail_on": "high",
    "strict": False,
    "max_epsilon": None,
    "max_nodes": USUAL.nodes,
    "waivers": None,
    "baseline": None,
}
_ALL = tuple(_DEFAULTS)
_PINNED = ("packs", "catalogs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """
    What holds for one run: settings of the pipeline, when to fail, how folders are searched, and where they come from.

    `jobs` is the number of processes that check files; 0: as many as pay. A file may take `timeout` seconds; 0: as long
    as it takes.
    """

    config: Config
    settings: Settings
    fail_on: str
    strict: bool
    search: Search
    jobs: int
    timeout: float
    origins: Mapping[str, tuple[Any, str]]

    def failing(self, findings: Iterable[Finding]) -> bool:
        """Whether one of the findings makes the exit code 1."""
        from fedpolicy.report.summarise import must_fail  # noqa: PLC0415  what only prints settings does without

        return must_fail(findings, self.fail_on, strict=self.strict)

    @property
    def costs(self) -> Mapping[str, float]:
        """What the configuration says that kinds of change cost."""
        return self.config.file.repair.costs if self.config.file else {}


def choices_of(options: Mapping[str, Any]) -> Choices:
    """
    Put together what the user wrote on the command line, in the configuration, or nowhere.

    The configuration is the one that was named, or the nearest one; as it is, or as a git revision has it. Raises
    Problems with every mistake in it.
    """
    config = _config(options.get("config"), options.get("config_from"), isolated=options["isolated"])
    given = {name: value for name, value in options.items() if name in _ALL and value not in (None, (), [])}
    origins = {name: _value(name, config, given) for name in _ALL}
    values = {name: value for name, (value, _) in origins.items()}
    return Choices(
        config=config,
        settings=_settings(config, origins, options.get("params", {})),
        jobs=0 if values["jobs"] == "auto" else values["jobs"],
        timeout=float(values["timeout"]),
        fail_on=values["fail_on"],
        strict=values["strict"],
        search=Search(exclude=tuple(values["exclude"]), gitignore=values["gitignore"], note=_note),
        origins={**origins, **_of_file(config)},
    )


def _config(given: str | None, revision: str | None, *, isolated: bool) -> Config:
    if isolated:
        return Config(revision=revision or "")
    if revision is not None:
        from fedpolicy.cli.trust import config_at  # noqa: PLC0415  most runs trust what lies there

        return config_at(given, revision)
    path = Path(given) if given else discover(Path.cwd())
    if path is None:
        return Config()
    from fedpolicy.config.load import read_config  # noqa: PLC0415  most runs have none to read

    return read_config(path, _shown(path))


def _settings(config: Config, origins: Mapping[str, tuple[Any, str]], params: Mapping[str, str]) -> Settings:
    values = {name: value for name, (value, _) in origins.items()}
    rules = config.file.rules if config.file else {}
    own = {f"{rule}.{key}": _text(value) for rule, entry in rules.items() for key, value in entry.params.items()}
    packs: Sequence[_Pinned] = values["packs"]
    catalogs: Sequence[_Pinned] = values["catalogs"]
    return Settings(
        packs=tuple(pack.path for pack in packs),
        pins={pack.path: pack.sha256 for pack in packs if pack.sha256},
        catalogs=tuple(Path(one.path) for one in catalogs),
        catalog_pins={Path(one.path): one.sha256 for one in catalogs if one.sha256},
        files=_files(config, origins),
        params={**own, **params},
        severities={rule: entry.severity for rule, entry in rules.items() if entry.severity},
        disabled=tuple(rule for rule, entry in rules.items() if not entry.enabled),
        configured=tuple(rules),
        select=tuple(values["select"]),
        ignore=tuple(values["ignore"]),
        max_epsilon=values["max_epsilon"],
        max_nodes=values["max_nodes"],
        origins=_origins(config, origins, params, own),
        root=_root(config),
    )


def _of_file(config: Config) -> dict[str, tuple[Any, str]]:
    """What only a configuration can say: of single rules, and of what a repair costs."""
    if config.file is None:
        return {}
    rules = {f"rules.{rule}": entry for rule, entry in sorted(config.file.rules.items())}
    costs = {"repair.costs": config.file.repair.costs} if config.file.repair.costs else {}
    return {name: (value, config.name) for name, value in (rules | costs).items()}


def _root(config: Config) -> Root:
    here = Path.cwd()
    root = root_of(here) or Path(os.path.realpath(config.folder))
    below = os.path.relpath(os.path.realpath(here), root)
    return Root(path=str(root), below=Path(below).as_posix() if below != os.curdir else "")


def _origins(
    config: Config, values: Mapping[str, tuple[Any, str]], given: Mapping[str, str], params: Mapping[str, str]
) -> dict[str, str]:
    """Who made a setting, in the words of a report."""
    by = {name: f"the {origin}" if origin == "command line" else origin for name, (_, origin) in values.items()}
    own = {f"params.{key}": config.name for key in params}
    return {**by, "rules": config.name, **own, **{f"params.{key}": "the command line" for key in given}}


def _files(config: Config, values: Mapping[str, tuple[Any, str]]) -> Files:
    """Packs and catalogues as the trusted revision has them, but for those that are pinned: they prove themselves."""
    if not config.revision:
        return HERE
    from fedpolicy.cli.trust import files_at  # noqa: PLC0415  most runs trust what lies there

    shipped = shipped_packs()
    wanted = {
        one.path: origin == config.name
        for packs, origin in (values["packs"], values["catalogs"])
        for one in packs
        if not one.sha256 and one.path not in shipped
    }
    return files_at(config.revision, wanted)


def _note(text: str) -> None:
    chatter(f"note: {text}\n")


def _value(name: str, config: Config, given: Mapping[str, Any]) -> tuple[Any, str]:
    if name in given:
        return _packs(given[name]) if name in _PINNED else given[name], "command line"
    own = getattr(config.file, name, None)
    if own is not None:
        return _placed(name, own, config.folder), config.name
    return _DEFAULTS[name], "default"


def _packs(names: Sequence[str | Path]) -> list[_Pinned]:
    return [_Pinned(name.as_posix() if isinstance(name, Path) else name) for name in names]


def _placed(name: str, value: Any, folder: Path) -> Any:  # noqa: ANN401  one of several kinds of settings
    """Paths in the file start at its folder; names of shipped packs stay."""
    if name in _PINNED:
        shipped = shipped_packs() if name == "packs" else ()
        paths = [one.path if one.path in shipped else _shown(folder / one.path) for one in value]
        return [_Pinned(path, one.sha256) for path, one in zip(paths, value, strict=True)]
    if name in {"waivers", "baseline"}:
        return _shown(folder / value)
    return value


def _text(value: object) -> str:
    """A parameter as the command line would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def _shown(path: Path) -> str:
    inside = os.path.relpath(path)
    return path.as_posix() if inside.startswith(os.pardir) and path.is_absolute() else Path(inside).as_posix()


def shown_settings(choices: Choices) -> str:
    """Every setting on a line of its own: name, value as in the file, origin."""
    rows = [(name, _toml(value), origin) for name, (value, origin) in choices.origins.items()]
    names = max(len(name) for name, _, _ in rows)
    values = max(len(value) for _, value, _ in rows)
    return "".join(f"{name:<{names}} = {value:<{values}}  # {origin}\n" for name, value, origin in rows)


def _toml(value: Any) -> str:  # noqa: ANN401  one of several kinds of settings
    if isinstance(value, _Pinned):
        return _toml(value.path) if value.sha256 is None else f'{{path = "{value.path}", sha256 = "{value.sha256}"}}'
    if hasattr(value, "model_dump"):  # the settings of a rule, as pydantic has read them
        pairs = value.model_dump(exclude_defaults=True)
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in pairs.items()) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    import json  # noqa: PLC0415  a check shows no settings

    return "not set" if value is None else json.dumps(value, ensure_ascii=False)
