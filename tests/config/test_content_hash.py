"""The hash of content is that of its whole JSON text, although it is taken piece by piece."""

import hashlib
import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.content_hash import Piece, content_hash

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.dictionaries(st.integers(), inner, max_size=3)
    ),
    max_leaves=40,
)


@given(PLAIN)
def test_in_pieces_it_is_the_same_hash(content: object) -> None:
    """As the text of ``json.dumps``, at any depth, with keys of any kind and empty parts."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert content_hash(content) == hashlib.sha256(text.encode()).hexdigest()


def test_a_part_that_is_made_when_it_is_needed() -> None:
    """At any depth it stands for what it makes."""
    made = {"a": [1, {"b": 2}], "c": [[[[[[3]]]]]]}
    late = {"a": partial(list, [1, {"b": 2}]), "c": [[[[[partial(list, [3])]]]]]}
    assert content_hash(late) == content_hash(made)
    with pytest.raises(TypeError, match="no plain content"):
        content_hash({"a": object()})


@given(PLAIN)
def test_a_piece_has_a_hash_of_its_own(content: object) -> None:
    """It changes nothing of the whole, and its own hash is that of its content alone."""
    piece, inner = Piece(content), Piece(content)
    whole = {"a": piece, "b": [1, {"c": inner}]}
    assert content_hash(whole) == content_hash({"a": content, "b": [1, {"c": content}]})
    assert piece.digest == inner.digest == content_hash(content)
