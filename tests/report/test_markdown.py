"""Markdown as it is rendered, and the pictures in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from fedpolicy.findings import Severity, SourceFile, Verdict
from fedpolicy.report.formats import load_format
from fedpolicy.report.formats.markdown import MOST_CHARACTERS
from fedpolicy.report.markup import MOST_HOPS, code, flowchart, linked, prose, row
from fedpolicy.report.summarise import summarise


def written(*findings, counts=None):
    return load_format("markdown").render(
        summarise(findings, [counts or {Verdict.FAIL: len(findings)}], [SourceFile(name="a.yaml")])
    )


def test_the_headline_and_the_counts_come_first(made):
    assert load_format("markdown").render(made.full()).splitlines()[:5] == [
        "## fedpolicy: FAIL, 3 findings from 3 causes",
        "",
        "| fail | unknown | pass | not applicable | waived |",
        "| ---: | ---: | ---: | ---: | ---: |",
        "| 3 | 2 | 1,021 | 7 | 1 |",
    ]


@pytest.mark.parametrize(
    ("report", "headline"),
    [("clean", "PASS, no findings"), ("nothing", "2 problems in the input")],
)
def test_the_headline_says_how_it_went(report, headline, made):
    assert load_format("markdown").render(getattr(made, report)()).startswith(f"## fedpolicy: {headline}\n")


def test_nothing_evaluated_is_not_called_clean():
    assert load_format("markdown").render(summarise([], [], [])).startswith("## fedpolicy: nothing was evaluated\n")


def test_the_table_lists_the_most_severe_finding_first(made):
    low = replace(made.BLOCK, severity=Severity.LOW)
    rows = [line for line in written(low, made.CROWD, made.CLOSED).splitlines() if line.startswith("| **")]

    assert [line.split()[1] for line in rows] == ["**critical**", "**high**", "**low**"] * 2  # causes, then findings


def test_what_is_open_in_a_comment_is_short_and_the_rest_is_folded(made):
    findings = [
        replace(made.CLOSED, cause=f"models.m{number}", message="long words " * 100, fingerprint=str(number))
        for number in range(500)
    ]
    text = written(*findings)
    open_part = text.partition("<details>")[0]

    assert len(open_part.encode()) <= 4096
    assert "| and 488 more causes |  | 488 |" in open_part
    assert text.count("<details>") == text.count("</details>") == 1
    assert len(text) <= MOST_CHARACTERS


def test_only_the_offending_hops_are_drawn(made):
    assert flowchart(made.CLOSED.paths) == [
        "flowchart LR",
        '  n0["client@aphp"]',
        '  n1["openai"]',
        '  n2["gateway"]',
        '  n0 -->|"prompts"| n1',
        '  n0 -->|"prompts"| n2',
        '  n2 -->|"prompts"| n1',
        "  style n1 stroke:#b00,stroke-width:3px",
    ]


def test_a_picture_is_capped(made):
    path = tuple(replace(made.SCORE, source=f"a{number}", target=f"a{number + 1}") for number in range(MOST_HOPS + 5))
    lines = flowchart([path])

    assert sum("-->" in line for line in lines) == MOST_HOPS
    assert '  more["and 5 more hops"]' in lines


def test_a_label_cannot_break_out_of_its_box(made):
    hop = replace(made.SCORE, source='a"] --> evil["', target="`# <b>&'x\ny", payload="p|q")

    assert flowchart([(hop,)])[1:4] == [
        '  n0["a#quot;] --#gt; evil[#quot;"]',
        '  n1["#96;#35; #lt;b#gt;#amp;#39;x�y"]',
        '  n0 -->|"p|q"| n1',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("letters@aphp, letters@lumc", "`letters@aphp`, `letters@lumc`"),
        ("a|b <img> [x](y) *b*", r"a\|b \<img\> \[x\](y) \*b\*"),
        ("use `weights_at` on api_calls", "use `weights_at` on api_calls"),
        ("one ` only", r"one \` only"),
        ("_so_ # 1\n## two", r"\_so\_ \# 1 \#\# two"),
    ],
)
def test_prose_is_no_markup_and_mentions_nobody(text, expected):
    assert prose(text) == expected


def test_code_and_rows_hold_what_they_are_given():
    assert code("a`b\nc") == "`a'b c`"
    assert row(code("a|b"), prose("c|d")) == r"| `a\|b` | c\|d |"


def test_a_comment_has_a_largest_size_and_says_what_it_leaves_out(made):
    many = [replace(made.CLOSED, why="word " * 200, rule=f"rule-{number}") for number in range(200)]
    text = written(*many)

    assert len(text) <= MOST_CHARACTERS
    assert "\n| severity | rule | place | what |\n" in text
    assert "and 150 more |\n" in text
    assert " more without details here: see the full report.\n" in text


def test_missing_facts_and_waived_findings_are_shown(made):
    text = load_format("markdown").render(made.full())

    assert (
        "\n### 2 facts not stated\n\n- `api_calls.translate.trains_on_inputs` (`clinic/deployment.yaml:17`): " in text
    )
    assert "\n### Waived\n\n- `unpinned-model` (`clinic/deployment.yaml:7`): " in text
    assert "waived until 2027-01-31: pinned next week\n" in text


def test_the_reason_for_a_rule_is_told_once(made):
    text = written(made.CLOSED, replace(made.CLOSED, elements=("parties.other",)))

    assert text.count("- **why**: Whoever runs a model") == 1
    assert text.count("- **see**: `private-data-to-closed-model` above") == 1


def test_an_unknown_finding_that_names_no_fact_is_listed(made):
    assert "| unknown | `inputs-kept` |" in written(replace(made.UNKNOWN_A, missing=()), counts={Verdict.UNKNOWN: 1})


def rendered(text):
    """HTML as a forge makes it, before it is cleaned."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_as_rendered_the_tables_are_tables_and_the_picture_is_a_fence(made):
    html = rendered(load_format("markdown").render(made.full(made.BROKEN)))
    rows = [row.count("<td") for row in html.split("<tr>")[1:]]

    assert html.count("<table>") == 3
    assert rows == [0, 5, 0, 5, 5, 5, 0, 4, 4, 4]
    assert '<code class="language-mermaid">flowchart LR\n' in html
    assert "<h3>critical: <code>private-data-to-closed-model</code></h3>" in html
    assert '<a href="https://arxiv.org/abs/2505.23593">Agrawal et al. 2025</a>' in html


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "a | b | c",
        "[click](javascript:alert(1))",
        "![x](https://example.org/x.png)",
        "@everyone look",
        "line\n\n# heading\n- item\n```\nfence",
        "**bold** _em_ ~~gone~~ `code` \\",
    ],
)
def test_as_rendered_text_of_others_is_text(text, made):
    odd = replace(made.BLOCK, message=text, notes=(text,), elements=(text,), why=text, help=text, rule=text)
    html = rendered(written(odd))
    plain = re.sub(r"<code>.*?</code>", "", html)

    assert not re.search(r"<(img|em|del|h1)\b|<strong>bold|javascript:(?!alert\(1\)\))", plain)
    assert "<a " not in plain
    assert "@" not in plain
    assert [row.count("<td") for row in html.split("<tr>")[1:]] == [0, 5, 0, 5, 0, 4]


def test_places_lead_to_their_lines_as_far_as_there_is_room():
    text = "see `a/b c.yaml:12`, `a/b c.yaml:12` and `other.yaml:3`\n"
    files = {"a/b c.yaml": "infra/a/b c.yaml"}

    assert linked(text, files, "https://example.org/o/r/blob/main/", 10_000) == (
        "see [`a/b c.yaml:12`], [`a/b c.yaml:12`] and `other.yaml:3`\n"
        "\n[`a/b c.yaml:12`]: <https://example.org/o/r/blob/main/infra/a/b%20c.yaml#L12>\n"
    )
    assert linked(text, files, "https://example.org", len(text) + 20) == text
    assert linked(text, files, "", 10_000) == text
    html = MarkdownIt().render(linked(text, files, "https://example.org", 10_000))
    assert html.count('<a href="https://example.org/infra/a/b%20c.yaml#L12"><code>a/b c.yaml:12</code></a>') == 2
