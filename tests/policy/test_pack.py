"""What packs say of themselves."""

import pytest

from fedpolicy.errors import Problems
from fedpolicy.policy.load import shipped_packs
from fedpolicy.policy.packs import read_pack


@pytest.mark.parametrize("name", shipped_packs())
def test_a_shipped_pack_says_what_it_is_for_and_what_it_does_not_cover(name):
    pack = read_pack(name)

    assert pack.name == name
    assert [key for key in ("title", "version", "about", "scope", "not_covered") if not getattr(pack, key)] == []
    assert pack.references
    assert {reference.basis for reference in pack.references} <= {"seed", "attack", "law", "practice"}


def test_a_folder_without_its_own_file_is_no_pack(tmp_path):
    with pytest.raises(Problems) as caught:
        read_pack(tmp_path)

    assert "has no `_pack.yaml`" in str(caught.value)


def test_mistakes_in_a_packs_own_file_have_their_place(tmp_path):
    (tmp_path / "_pack.yaml").write_text("pack: ours\ntitel: Ours\n", encoding="utf-8")
    with pytest.raises(Problems) as caught:
        read_pack(tmp_path)

    assert [error.span.line for error in caught.value.errors] == [1, 2]
