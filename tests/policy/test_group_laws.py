"""Laws of groups: together, findings say what they said one by one, and not a pair more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fedpolicy.findings import Finding, Hop, Member, MemberGroup, Severity, Span, Verdict
from fedpolicy.policy.groups import group_findings, of_members, split
from tests.laws import examples

PARTIES = ("ann", "ben", "cem", "hub")
OWNERS = {
    "scans@ann": "ann",
    "scans@ben": "ben",
    "scans@cem": "cem",
    "notes-ann": "ann",
    "notes-ben": "ben",
    "faq": "hub",
}
SPAN = Span(file="d.yaml")
TEMPLATE = "{disclosure.parties} learn {disclosure.datasets} of {disclosure.whose} ({disclosure.level}) by {x}"


def told(role, parties, datasets, level, severity, way):
    hop = Hop(source="a", target="b", payload="records", flow=way, span=SPAN)
    group = MemberGroup(template=TEMPLATE, words=(("x", "calls"),), members=())
    blank = Finding(
        rule="a-rule",
        pack="mine",
        title="t",
        principle="integrity",
        severity=severity,
        verdict=Verdict.FAIL,
        elements=(),
        message="",
        span=SPAN,
        group=group,
    )
    owners = tuple(OWNERS[name] for name in datasets)
    return of_members(
        blank,
        [Member(role=role, parties=parties, datasets=datasets, owners=owners, level=level, paths=((hop,),))],
    )


def some(names):
    return st.lists(st.sampled_from(sorted(names)), min_size=1, unique=True).map(lambda found: tuple(sorted(found)))


FINDINGS = st.lists(
    st.builds(
        told,
        st.sampled_from(("operator", "host")),
        some(PARTIES),
        some(OWNERS),
        st.sampled_from(("inferable", "verbatim")),
        st.sampled_from((Severity.MEDIUM, Severity.HIGH)),
        st.sampled_from(("one", "two")),
    ).filter(lambda one: pairs([one])),
    max_size=8,
)


def pairs(findings):
    """Who learns what, as a sentence over all parties and datasets of a finding says it."""
    return {
        (party, dataset)
        for one in findings
        for party in {party for member in one.group.members for party in member.parties}
        for dataset in {dataset for member in one.group.members for dataset in member.datasets}
        if OWNERS[dataset] != party
    }


@given(FINDINGS)
@settings(deadline=None, max_examples=examples(few=40))
def test_a_group_says_of_pairs_what_its_members_said(findings):
    assert pairs(group_findings(findings)) == pairs(findings)


@given(FINDINGS)
@settings(deadline=None, max_examples=examples(few=40))
def test_the_order_of_findings_changes_nothing(findings):
    found = sorted(group_findings(findings), key=lambda one: one.fingerprint)

    assert [one.message for one in sorted(group_findings(findings[::-1]), key=lambda one: one.fingerprint)] == [
        one.message for one in found
    ]


@given(FINDINGS, some(PARTIES))
@settings(deadline=None, max_examples=examples(few=40))
def test_what_is_excused_and_what_is_left_is_the_whole(findings, names):
    for finding in group_findings(findings):
        excused, left = split(finding, lambda part: all(p.removeprefix("parties.") in names for p in people(part)))
        told_of = {party for part in excused for party, _ in pairs([part])}

        assert pairs([*excused, *([left] if left else [])]) == pairs([finding])
        assert told_of <= set(names)
        assert not left or not {party for party, _ in pairs([left])} & set(names)


def people(finding):
    return [name for name in finding.elements if name.startswith("parties.")]
