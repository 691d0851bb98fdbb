"""What is compiled late does what is compiled at once does."""

from __future__ import annotations

import hashlib
import re
from re import _compiler as compiler

from fedpolicy.startup import pattern, sha256


def test_a_pattern_does_what_a_compiled_one_does():
    late, early = pattern(r"(a)|b", re.IGNORECASE), re.compile(r"(a)|b", re.IGNORECASE)

    assert late.fullmatch("A")[1] == early.fullmatch("A")[1] == "A"
    assert late.sub("-", "abc") == early.sub("-", "abc") == "--c"
    assert late.pattern == early.pattern
    assert late.fullmatch("c") is None


def test_a_pattern_is_compiled_when_it_is_used_and_once(monkeypatch):
    compiled = []
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given) or compiler.compile(*given))
    late = pattern("a")
    assert compiled == []

    assert late.match("a")
    assert late.match("a")
    assert compiled == [("a", 0)]


def test_hashes_are_those_of_the_standard_library():
    assert sha256(b"a").hexdigest() == hashlib.sha256(b"a").hexdigest()
