"""Paths of requests: what is decoded, what stays escaped, and where dot segments lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.functions_host.http.paths import escaped, path_of


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/seg/a%2Fb/tail", "/seg/a%2Fb/tail"),
        ("/seg/a%2fb/tail", "/seg/a%2fb/tail"),
        ("/seg/a%252Fb%25/tail", "/seg/a%2Fb%/tail"),
        ("/%41", "/A"),
        ("/%C3%A9%2F%20", "/é%2F "),
        ("/%FF%41", "/%FFA"),
        ("/%C3%41", "/%C3A"),
        ("/100%", "/100%"),
        ("/x/../y", "/y"),
        ("/x/%2e%2e/tail", "/tail"),
        ("/x/%2E/tail", "/x/tail"),
        ("/x/..", "/"),
        ("/x/y/.", "/x/y/"),
        ("/../../x", "/x"),
        ("//x", "//x"),
        ("/x//", "/x//"),
        ("/", "/"),
    ],
)
def test_a_path_is_decoded_once_and_its_dot_segments_are_followed(raw: str, path: str) -> None:
    assert path_of(raw) == path


@pytest.mark.parametrize(
    ("path", "in_url"), [("/A", "/A"), ("/a%2Fb%", "/a%2Fb%25"), ("/é b", "/%C3%A9%20b"), ("/a@b:c;d", "/a@b:c;d")]
)
def test_a_path_is_escaped_anew_in_an_address(path: str, in_url: str) -> None:
    assert escaped(path) == in_url


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%")))
def test_what_an_address_says_is_read_as_the_same_path(text: str) -> None:
    path = path_of("/" + escaped(text))
    assert path_of(escaped(path)) == path


@given(st.text("/.%2eEFfa", max_size=30))
def test_no_path_leads_above_the_root(raw: str) -> None:
    path = path_of("/" + raw)
    assert path.startswith("/")
    assert not {".", ".."}.intersection(path.split("/"))
