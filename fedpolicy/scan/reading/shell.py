"""Which programs a line of a shell script starts."""

from __future__ import annotations

import re
from itertools import islice

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
