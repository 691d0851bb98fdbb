"""Which programs a line of a shell script starts, and what becomes of a text that stands in one (`<<EOF`)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath

from fedpolicy.records import dataclass

_MOST = 20  # programs of a line that are looked at: no line that somebody wrote has more
_PARTS = re.compile(r"\"[^\"]*\"?|'[^']*'?|[;|&(){}`]")  # texts in quotes, and what ends a command
_KEYWORDS = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "time"})
# Who speaks of a program, looks for it, or ends it; and who starts one that stands in quotes.
_SPEAKS = re.compile(
    r"echo|printf|log|info|logger|p?kill|killall|[pe]?grep|ps|which|command|type|hash|pip3?|man|cat|tail|rm|sed|awk"
    r"|\[\[?|test"
)
_RUNNERS = re.compile(
    r"ssh|(?:ba|z)?sh|sudo|su|nohup|setsid|tmux|screen|docker|podman|kubectl|eval|exec|srun|env|timeout"
)
_SHELLS = re.compile(rb"#!\s*/(?:usr/)?bin/(?:env )?(?:ba|da|z|k)?sh")
_ON, _LONGEST = "\\", 100  # how a line says that it goes on, and how many lines a list of words may have
LISTED = re.compile(r"^\s*(?:(?:local|readonly|declare|export)\s+(?:-\w+\s+)*)?(\w+)=\(")  # `words=(`
# `<<EOF`, `<<-'EOF'`; no `<<<`, and no shift of a number.
_TEXT = re.compile(r"""(?<!<)<<(-?)\s*["'\\]?([A-Za-z_]\w*)["']?""")
_WRITES = re.compile(r"""\bcat\b.*?>>?\s*["']?([^\s"'>|&;]+)|\btee\s+(?:-a\s+)?["']?([^\s"'>|&;]+)""")
_APPLIED = (  # what reads a text as a file, and which one that is
    (re.compile(r"\b(?:kubectl|oc)\b.*\s-f\s*-(?:\s|$)"), "objects.yaml"),
    (re.compile(r"\bdocker[- ]compose\b.*\s-f\s*-(?:\s|$)"), "compose.yml"),
    (re.compile(r"\bhelm\b.*\s(?:-f|--values)[ =]-(?:\s|$)"), "values.yaml"),
    (re.compile(r"\bpython[\d.]*\s"), "text.py"),
)
_RUN_HERE = re.compile(r"(?:^|[\s/|;&(])(?:ssh|su|(?:ba|da|z|k)?sh)\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellText:
    """A text in a script: the name of the file that it becomes, and the lines around it; no name where it is none."""

    name: str
    first: int
    last: int
    tabs: bool

    def text(self, lines: Sequence[str]) -> str:
        """The text as whoever reads it gets it."""
        return "\n".join(line.lstrip("\t") if self.tabs else line for line in lines[self.first - 1 : self.last])


def is_script(path: PurePath, content: bytes) -> bool:
    """Whether a file is a script, by its name or its first line."""
    return path.suffix in (".sh", ".bash") or (path.suffix == "" and _SHELLS.match(content) is not None)


def script_lines(text: str) -> list[str]:
    """The lines of a script that are run, lists over several of them as one that goes on; of other texts, none."""
    lines = text.split("\n")
    for one in shell_texts(lines):
        lines[one.first - 1 : one.last] = [""] * (one.last - one.first + 1)
    for at in [at for at, line in enumerate(lines) if LISTED.search(line) and ")" not in line]:
        near = range(at + 1, min(at + _LONGEST, len(lines)))
        for number in range(at, next((number for number in near if ")" in lines[number]), at)):
            said = "" if lines[number].lstrip().startswith("#") else lines[number]
            lines[number] = f"{said.removesuffix(_ON)} {_ON}"
    return lines


def shell_texts(lines: Sequence[str]) -> Iterator[ShellText]:
    """The texts that are written or given to a program, and no commands of a shell."""
    past, ends = 0, dict[str, list[int]]()
    for number, line in enumerate(lines):
        ends.setdefault(line.strip(), []).append(number)
    for number, line in enumerate(lines, 1):
        found = _TEXT.search(line) if number > past and not line.lstrip().startswith("#") else None
        if found is None:
            continue
        theirs = ends.get(found[2], [])
        at = bisect_left(theirs, number)
        past = end = theirs[at] if at < len(theirs) else number
        name = _becomes(line)
        if name is not None and end > number:
            yield ShellText(name=name, first=number + 1, last=end, tabs=bool(found[1]))


def _becomes(line: str) -> str | None:
    """The name of the file that a text becomes, empty where it is only shown; None where a shell runs it."""
    if written := _WRITES.search(line):
        return (written[1] or written[2]).rpartition("/")[2]
    named = next((name for applies, name in _APPLIED if applies.search(f"{line} ")), "")
    return named if named or not _RUN_HERE.search(f"{line} ") else None


def started(said: str, programs: re.Pattern[str]) -> re.Match[str] | None:
    """The first of these programs that a line starts."""
    return next((one for one in islice(programs.finditer(said), _MOST) if _is_started(said, one)), None)


def _is_started(said: str, program: re.Match[str]) -> bool:
    """Whether a line starts a program, and does not only speak of it, look for it, end it or ask for its help."""
    start, text = 0, ""
    for part in _PARTS.finditer(said):
        if part.start() >= program.start():
            break
        if part[0][0] not in "\"'":
            start = part.end()
        elif part.end() > program.start():
            text = said[part.start() + 1 : program.start()]
    opened = said.rfind("$(", start, program.start())
    if opened >= 0 and ")" not in said[opened : program.start()]:
        start, text = opened + 2, ""
    words = [word for word in said[start : program.start()].split() if word not in _KEYWORDS]
    first = words[0].lstrip("@-") if words else ""
    if said[program.end() :].strip().startswith(("--help", "--version", "-h")) or _SPEAKS.fullmatch(first):
        return False
    inside = bool(text) or said[program.start() - 1 : program.start()] in ('"', "'")
    alone = inside and len(words) == 1 and (first[:1] in "\"'" or "=" in first) and " " not in text
    return not inside or alone or _RUNNERS.fullmatch(first) is not None
