"""What a sandbox child has around it."""

import multiprocessing
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.imaging.scenes import scene
from thumbapp.imaging.child import environment
from thumbapp.imaging.limits import Limits
from thumbapp.imaging.recipe import Recipe
from thumbapp.imaging.sandbox import Sandbox


@pytest.mark.parametrize(
    ("inherited", "tunables"),
    [
        ({}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}, "glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"}, None),
    ],
    ids=["nothing said", "something else said", "said otherwise"],
)
def test_huge_pages_are_asked_for_unless_the_user_has_said(
    inherited: Mapping[str, str], tunables: str | None
) -> None:
    assert environment(inherited).get("GLIBC_TUNABLES") == tunables


@pytest.mark.skipif(sys.platform != "linux", reason="nothing reads it elsewhere")
def test_a_child_starts_with_huge_pages_asked_for(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.jpg")
    sandbox = Sandbox(workers=1, limits=Limits())

    sandbox.render(tmp_path / "a.jpg", Recipe.parse(sizes="32"), folder=tmp_path)
    (child,) = multiprocessing.active_children()
    began_with = Path(f"/proc/{child.pid}/environ").read_bytes().split(b"\0")
    sandbox.stop()

    assert any(b"glibc.malloc.hugetlb" in line for line in began_with)
