"""Parsers that stop at a nesting depth of their own, early or late, are all read alike."""

from __future__ import annotations

import pytest
import yaml

from fedpolicy.yaml12 import events

DEEP = "a: [x, " + "[" * 30 + "]" * 30 + "]\n---\nb: y\n"


def stopping(depth, words="exceeded maximum nesting depth", *, early):
    """Stops as newer parsers do: before it has given anything, or where the events are."""

    class Loader(yaml.SafeLoader):
        def __init__(self, text):
            super().__init__(text)
            self.open = 0
            stop = -1
            for nth, character in enumerate(text):
                self.open += character == "["
                if self.open > depth:
                    stop = nth
                    break
            self.open = 0
            if stop >= 0 and early:
                self.get_event = lambda: self.refuse(yaml.Mark("f", stop, 0, stop, None, 0))

        def refuse(self, mark):
            raise yaml.scanner.ScannerError("while increasing flow level", mark, words, mark)

        def get_event(self):
            event = super().get_event()
            if isinstance(event, yaml.SequenceStartEvent):
                self.open += 1
                if self.open > depth:
                    self.refuse(event.start_mark)
            return event

    return Loader


def given(text, loader):
    found = []
    try:
        found.extend((type(event).__name__, event.start_mark.index) for event in events(text, loader))
    except yaml.YAMLError as error:
        return found, error.problem
    return found, None


@pytest.mark.parametrize("early", [True, False])
def test_what_stands_before_the_depth_is_given_once(early):
    whole, problem = given(DEEP, yaml.SafeLoader)
    assert problem is None

    found, problem = given(DEEP, stopping(20, early=early))

    assert problem is not None
    assert "nesting" not in problem
    starts = [index for name, index in found if name == "SequenceStartEvent"]
    assert starts == [3, *range(7, 26)]
    assert found == whole[: len(found)]


@pytest.mark.parametrize("early", [True, False])
def test_a_text_that_is_not_so_deep_is_read_whole(early):
    assert given(DEEP, stopping(31, early=early)) == given(DEEP, yaml.SafeLoader)


def test_other_mistakes_stay_what_they_are():
    _, problem = given(DEEP, stopping(20, "something else", early=True))

    assert problem == "something else"
