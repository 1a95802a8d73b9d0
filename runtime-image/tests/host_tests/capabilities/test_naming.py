"""How a Link maps identifiers to names: isolated by default, literal where the Link says so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wasicloud_host.capabilities import naming
from wasicloud_host.config import BucketParameters, LinkParameters

PLAIN = LinkParameters()


def test_the_empty_identifier_is_the_default_bucket():
    assert naming.bucket(PLAIN, "") == naming.bucket(PLAIN, "default")
    assert naming.key_prefix(naming.bucket(PLAIN, "")) == b"default:"


def test_a_prefix_stands_before_every_key():
    place = naming.bucket(LinkParameters(prefix="team-a/"), "users")
    assert naming.key_prefix(place) == b"team-a/users:"


def test_a_mapped_bucket_reaches_keys_that_other_programs_own():
    parameters = LinkParameters(
        prefix="team-a/",
        buckets={"users": BucketParameters(prefix=""), "orders": BucketParameters(prefix="shop:order:")},
    )
    assert naming.key_prefix(naming.bucket(parameters, "users")) == b""
    assert naming.key_prefix(naming.bucket(parameters, "orders")) == b"shop:order:"
    assert naming.key_prefix(naming.bucket(parameters, "other")) == b"team-a/other:"


def test_the_layout_hash_makes_the_bucket_one_key():
    parameters = LinkParameters(layout="hash")
    assert naming.hash_key(naming.bucket(parameters, "user:ricochet")) == b"user:ricochet"
    named = LinkParameters(
        prefix="app:", buckets={"me": BucketParameters(layout="hash", name="user:ricochet", prefix="")}
    )
    assert naming.hash_key(naming.bucket(named, "me")) == b"user:ricochet"
    assert naming.bucket(named, "other").layout == "strings"


def test_a_container_can_have_another_name_in_the_backend():
    parameters = LinkParameters(buckets={"photos": BucketParameters(name="archive-2024")})
    place = naming.container(parameters, "photos")
    assert (place.identifier, place.name, place.named) == ("photos", "archive-2024", True)


@given(st.text(min_size=1), st.text(), st.text(min_size=1), st.text())
def test_KV08_two_buckets_never_meet(one, key, other, other_key):
    places = naming.bucket(PLAIN, one), naming.bucket(PLAIN, other)
    full = [naming.key_prefix(place) + text.encode() for place, text in zip(places, (key, other_key), strict=True)]
    assert (full[0] == full[1]) == ((places[0].name, key) == (places[1].name, other_key))
    if places[0].name != places[1].name:
        assert not full[1].startswith(naming.key_prefix(places[0]))
