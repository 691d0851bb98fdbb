"""The tree of a rule file -> a rule whose expressions are compiled, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fedpolicy.errors import PolicyError, Problems
from fedpolicy.findings import Reference, Severity, Span
from fedpolicy.language.model import Deployment
from fedpolicy.language.model.dataset import Dataset, Model
from fedpolicy.language.model.entry import Entry
from fedpolicy.language.model.flow import ApiCall, Task
from fedpolicy.language.model.party import Agreement, Node, Party
from fedpolicy.language.model.shape import entries_under, paths_in
from fedpolicy.limits import MAX_QUANTITY
from fedpolicy.policy import Param, Rule, typed
from fedpolicy.policy.elements import table
from fedpolicy.policy.expression import BadExpression, Expression, Language, language
from fedpolicy.policy.fields import Field, Type
from fedpolicy.policy.packs import NO_FRAME, Frame, standards, strangers
from fedpolicy.policy.sheet import Sheet
from fedpolicy.policy.texts import compared, names_in, placeholders
from fedpolicy.suggest import advise, did_you_mean

_EXPRESSIONS = ("match", "require", "graver", "slight")
# The entry that an element of a kind is; what other kinds point at may be any entry.
_ENTRIES: Mapping[str, type[Entry]] = {
    "agreement": Agreement,
    "api_call": ApiCall,
    "budget": Dataset,
    "dataset": Dataset,
    "deployment": Deployment,
    "model": Model,
    "node": Node,
    "party": Party,
    "task": Task,
}


def build_rule(sheet: Sheet, pack: str, path: Path, frame: Frame = NO_FRAME) -> Rule:
    """Make a rule of a file whose shape is right; raises Problems with one PolicyError per mistake."""
    tree: Mapping[str, Any] = sheet.tree
    fields = table(str(tree["applies_to"]))
    errors = [*_wrong_name(sheet, path), *_references(sheet), *strangers(sheet), *_dates(sheet, frame)]
    errors += [*_tags(sheet, frame), *_keys(sheet)]
    params = _params(sheet, errors)
    compiled = _compile(sheet, fields, params, errors)
    errors += [
        *_unknown_words(sheet, fields),
        *_placeholders(sheet, fields, params),
        *_presence(sheet, compiled, fields),
    ]
    if errors:
        raise Problems(sorted(errors, key=lambda error: (error.span or Span(file=sheet.name), error.message)))
    return Rule(
        id=str(tree["id"]),
        pack=pack,
        title=_line(tree["title"]),
        holds=_line(tree.get("holds", "")),
        principle=tree["principle"],
        severity=Severity[tree["severity"].upper()],
        applies_to=tree["applies_to"],
        match=compiled.get("match"),
        require=compiled["require"],
        graver=compiled.get("graver"),
        slight=compiled.get("slight"),
        message=_line(tree["message"]),
        why=_prose(tree["why"]),
        help=_prose(tree["help"]),
        references=tuple(Reference(**reference) for reference in tree["references"]),
        false_positives=tuple(_line(text) for text in tree.get("false_positives", ())),
        at=tree.get("at", ""),
        absent=tree.get("absent", ""),
        absent_why=_line(tree.get("absent_why", "")),
        behind=tuple(tree.get("behind", ())),
        owners_in=tuple(tree.get("owners_in", frame.owners_in)),
        applies_from=dict(frame.days).get(str(tree.get("applies_from", "")), ""),
        tags=tuple(tree.get("tags", ())),
        params=params,
        scope=_scope(tree["id"]),
        span=sheet.spans.at(("require",)),
        spans={key: sheet.spans.at((key,)) for key in ("id", *_EXPRESSIONS) if key in tree},
        path=str(path),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _prose(text: str) -> str:
    """Paragraphs stay, lines inside them are joined."""
    return "\n".join(_line(paragraph) for paragraph in text.strip().split("\n\n"))


def _scope(identity: str) -> str:
    return "rule_" + identity.replace("-", "_")


def _wrong_name(sheet: Sheet, path: Path) -> Iterator[PolicyError]:
    identity = str(sheet.tree["id"])
    if identity != path.stem:
        message = f"the id is `{identity}`, but the file is called `{path.name}`"
        yield sheet.error(("id",), message, f"rename the file to {identity}.yaml, or the rule to {path.stem}")


def _references(sheet: Sheet) -> Iterator[PolicyError]:
    if not sheet.tree["references"]:
        yield sheet.error(("references",), "the list is empty", "say what the rule rests on", key=True)


def _dates(sheet: Sheet, frame: Frame) -> Iterator[PolicyError]:
    name = str(sheet.tree.get("applies_from", ""))
    known = [known for known, _ in frame.days]
    if name and name not in known:
        advice = advise(name, known, called="it has") if known else "add it under `duties` of the pack's own file"
        yield sheet.error(("applies_from",), f"the pack has no date `{name}`", advice)


def _tags(sheet: Sheet, frame: Frame) -> Iterator[PolicyError]:
    found: Any = sheet.tree.get("tags", ())
    own = dict(frame.numbers)
    known = {**{one.name: frozenset(one.numbers) for one in standards().values()}, **own} if found else {}
    for place, tag in enumerate(found):
        name, _, number = str(tag).partition(":")
        if name not in known:
            advice = advise(name, sorted(known), called="known")
            yield sheet.error(("tags", place), f"no standard is called `{name}`", advice)
        elif number not in known[name]:
            advice = advise(number, sorted(known[name]), called="it has")
            yield sheet.error(("tags", place), f"{name} has no requirement `{number}`", advice)


def _keys(sheet: Sheet) -> Iterator[PolicyError]:
    """A key to point at that no such element can have: a finding would never point at it."""
    kind, path = str(sheet.tree["applies_to"]), str(sheet.tree.get("at", ""))
    own = (_ENTRIES[kind],) if kind in _ENTRIES else entries_under(Deployment)
    known = {found for entry in own for found in paths_in(entry, path.count("."))} if path else {path}
    if path not in known:
        yield sheet.error(("at",), f"no {kind} has a key `{path}`", advise(path, sorted(known)))


def _params(sheet: Sheet, errors: list[PolicyError]) -> tuple[Param, ...]:
    found = []
    declared: Any = sheet.tree.get("params", {})
    for name, entry in declared.items():
        kind = Type(entry["type"])
        value = typed(kind, entry["default"])
        if value is None:
            # Declared all the same, so that its uses are no mistakes too.
            found.append(Param(name=name, type=kind, about="", value=""))
            errors.append(_untyped(sheet, name, kind))
        else:
            found.append(Param(name=name, type=kind, about=_line(entry["description"]), value=value))
    return tuple(found)


def _untyped(sheet: Sheet, name: str, kind: Type) -> PolicyError:
    advice = f"the parameter's type is {kind}"
    advice += f"; a number is at most {MAX_QUANTITY:,}" if kind in {Type.INT, Type.NUMBER} else ""
    message = f"this is not {'an' if kind is Type.INT else 'a'} {kind}"
    return sheet.error(("params", name, "default"), message, advice)


def _compile(
    sheet: Sheet, fields: Mapping[str, Field], params: tuple[Param, ...], errors: list[PolicyError]
) -> dict[str, Expression]:
    spoken = language(
        {name: fields[name].type for name in _named(sheet, fields)},
        asked=(name for name in _named(sheet, fields) if fields[name].open),
        params={param.name: param.type for param in params},
        scope=_scope(str(sheet.tree["id"])),
    )
    checked = {key: _checked(sheet, key, spoken, fields, params) for key in _EXPRESSIONS if key in sheet.tree}
    errors += [error for one in checked.values() if not isinstance(one, Expression) for error in one]
    return {key: one for key, one in checked.items() if isinstance(one, Expression)}


def _named(sheet: Sheet, fields: Mapping[str, Field]) -> list[str]:
    """The fields that any of the expressions names; to declare all of them would cost time."""
    found: set[str] = set()
    for key in _EXPRESSIONS:
        for name in names_in(str(sheet.tree.get(key, ""))):
            parts = name.text.split(".")
            found.update(".".join(parts[:length]) for length in range(2, len(parts) + 1))
    return sorted(found & set(fields))


def _checked(
    sheet: Sheet, key: str, spoken: Language, fields: Mapping[str, Field], params: tuple[Param, ...]
) -> Expression | list[PolicyError]:
    text = str(sheet.tree[key])
    needless = [
        sheet.error((key,), f"`has({name.text})` is always true", "this field is never unknown", offset=name.offset)
        for name in names_in(text)
        if name.has and name.text in fields and not fields[name.text].open
    ]
    if needless:
        return needless
    result = spoken.compile(text)
    if isinstance(result, Expression):
        return result
    return [_explained(sheet, key, mistake, fields, params) for mistake in result]


def _explained(
    sheet: Sheet, key: str, mistake: BadExpression, fields: Mapping[str, Field], params: tuple[Param, ...]
) -> PolicyError:
    advice = ""
    message = mistake.message
    if mistake.unknown:
        known = [*fields, *(f"params.{param.name}" for param in params)]
        if mistake.unknown.startswith("params."):
            message = f"the rule has no parameter `{mistake.unknown.removeprefix('params.')}`"
            known = [name for name in known if name.startswith("params.")]
        advice = (
            did_you_mean(mistake.unknown, known)
            or f"docs/rules-reference.md lists what a rule for {sheet.tree['applies_to']} may read"
        )
    return sheet.error((key,), message, advice, offset=mistake.offset)


def _unknown_words(sheet: Sheet, fields: Mapping[str, Field]) -> Iterator[PolicyError]:
    """A field that can never hold the word that it is compared with makes a rule that never matches."""
    for key in _EXPRESSIONS:
        for name, word, offset in compared(str(sheet.tree.get(key, ""))):
            field = fields.get(name)
            if field and field.choices and word not in field.choices and (word or field.open):
                message = f"`{name}` is never `{word}`"
                yield sheet.error((key,), message, advise(word, field.choices), offset=offset)


def _placeholders(sheet: Sheet, fields: Mapping[str, Field], params: tuple[Param, ...]) -> Iterator[PolicyError]:
    known = [*fields, "element", *(f"params.{param.name}" for param in params)]
    for name, offset in placeholders(str(sheet.tree["message"])):
        if name not in known:
            advice = did_you_mean(name, known) or "docs/rules-reference.md lists the fields"
            yield sheet.error(("message",), f"there is no field `{name}`", advice, offset=offset)


def _presence(sheet: Sheet, compiled: Mapping[str, Expression], fields: Mapping[str, Field]) -> Iterator[PolicyError]:
    asked = sorted(name for expression in compiled.values() for name in expression.asks if name in fields)
    if asked and "absent" not in sheet.tree:
        message = f"`has({asked[0]})` decides what happens when the fact is not stated"
        key = next(key for key, expression in compiled.items() if asked[0] in expression.asks)
        yield sheet.error((key,), message, "add `absent: pass` or `absent: fail`, and `absent_why`")
    if "absent" in sheet.tree and "absent_why" not in sheet.tree:
        yield sheet.error(("absent",), "`absent` without `absent_why`", "say why that is right", key=True)
    if "absent" in sheet.tree and not asked and all(key in compiled for key in _EXPRESSIONS if key in sheet.tree):
        yield sheet.error(("absent",), "nothing is asked for with has()", "remove `absent`", key=True)
