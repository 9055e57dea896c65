from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from tenants import keys

BASE_62 = string.digits + string.ascii_letters


def test_it_makes_a_key_that_names_product_and_mode() -> None:
    secret = keys.generate_secret(keys.KeyMode.TEST)

    assert secret.startswith("cw_test_")
    assert keys.is_well_formed(secret)
    assert keys.get_prefix(secret) == secret[:16]


def test_it_never_makes_the_same_key_twice() -> None:
    assert len({keys.generate_secret() for _ in range(1000)}) == 1000


@given(st.integers(min_value=8, max_value=43), st.sampled_from(BASE_62))
def test_it_notices_any_mistyped_character(position: int, character: str) -> None:
    secret = keys.generate_secret()
    mistyped = secret[:position] + character + secret[position + 1 :]

    assert keys.is_well_formed(mistyped) is (mistyped == secret)


@given(st.text())
def test_it_takes_no_other_text_for_a_key(text: str) -> None:
    assert not keys.is_well_formed(text)
