"""What only a file system has: names that lead nowhere else, files of other programs, what a crash leaves behind."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tests.providers.contract.objects import LAST, Bytes, content
from host_tests.providers.contract.objects import names as listed
from wasicloud_host import config
from wasicloud_host.capabilities import keyvalue
from wasicloud_host.capabilities.naming import Place
from wasicloud_host.errors import BackendError
from wasicloud_host.providers import registry
from wasicloud_host.providers.filesystem import names

PLACE = Place("default", "default")


@pytest.fixture
def root(tmp_path):
    """The provider's folder, beside which nothing may change."""
    return tmp_path / "data"


@pytest.fixture
def provider(root):
    """A provider on it."""
    return registry.open_one(config.Provider("data", "filesystem", {"path": str(root)}))


def everything(folder):
    """All paths below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@given(st.binary())
def test_every_name_has_a_file_name_that_is_safe(name):
    file_name = names.encode(name)
    assert "/" not in file_name
    assert "\0" not in file_name
    assert not file_name.startswith(".")
    assert 0 < len(file_name.encode()) <= 255
    assert file_name == file_name.lower() or "%" in file_name
    if not names.is_hashed(file_name):
        assert names.decode(file_name) == name


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_different_names_differ_even_where_case_does_not(one, other):
    assert (names.encode(one).casefold() == names.encode(other).casefold()) == (one == other)


def test_plain_names_are_plain_files(provider, root):
    provider.keyvalue(PLACE).set(b"visits", b"7")
    blobs = provider.blobstore()
    blobs.create_container(PLACE)
    blobs.write(PLACE, "report-2024.txt", Bytes(b"data"))
    assert (root / "keyvalue" / "default" / "visits").read_bytes() == b"7"
    assert (root / "blobstore" / "default" / "report-2024.txt").read_bytes() == b"data"


def test_files_that_other_programs_put_there(provider, root):
    folder = root / "blobstore" / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_bytes(b"meow")
    (folder / ".hidden").write_bytes(b"theirs")
    place = Place("photos", "photos")
    blobs = provider.blobstore()
    assert listed(blobs, place) == {"cat.jpg"}
    assert content(blobs, place, "cat.jpg") == b"meow"
    assert blobs.container_created_at(place) > 0


@pytest.mark.parametrize("name", ["../../escape", "/etc/passwd", "..", "a/../../b", "\0", "x" * 5000])
def test_BS18_no_name_leads_out_of_the_folder(provider, root, tmp_path, name):
    outside = everything(tmp_path) - {"data"}
    blobs = provider.blobstore()
    place = Place(name, name)
    blobs.create_container(place)
    blobs.write(place, name, Bytes(b"x"))
    provider.keyvalue(place).set(name.encode(), b"x")
    assert content(blobs, place, name) == b"x"
    assert {path for path in everything(tmp_path) if not path.startswith("data")} == {
        path for path in outside if not path.startswith("data")
    }


def test_links_are_not_followed(provider, root, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("theirs")
    blobs = provider.blobstore()
    blobs.create_container(PLACE)
    (root / "blobstore" / "default" / "link").symlink_to(secret)
    (root / "blobstore" / "folder").symlink_to(tmp_path)
    (root / "keyvalue" / "folder").symlink_to(tmp_path)
    with pytest.raises(BackendError):
        blobs.read(PLACE, "link", 0, LAST)
    with pytest.raises(BackendError):
        blobs.read(Place("folder", "folder"), "secret", 0, LAST)
    with pytest.raises(BackendError):
        provider.keyvalue(Place("folder", "folder")).get(b"secret")
    blobs.write(PLACE, "link", Bytes(b"ours"))
    assert secret.read_text() == "theirs"
    assert content(blobs, PLACE, "link") == b"ours"


def test_a_named_pipe_does_not_hang_the_host(provider, root):
    provider.keyvalue(PLACE).set(b"key", b"value")
    os.mkfifo(root / "keyvalue" / "default" / "pipe")
    assert provider.keyvalue(PLACE).exists(b"pipe") is False


def test_what_a_crash_left_is_swept_when_it_is_old(provider, root):
    provider.keyvalue(PLACE).set(b"key", b"value")
    old, new = root / "keyvalue" / "default" / ".tmp-old", root / "keyvalue" / "default" / ".tmp-new"
    for path in (old, new):
        path.write_text("half")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    assert set(keyvalue.walk(provider.keyvalue(PLACE))) == {b"key"}, "nobody sees what is written aside"
    registry.open_one(config.Provider("data", "filesystem", {"path": str(root)}))
    assert not old.exists()
    assert new.exists()


@pytest.fixture
def forbidden(provider, root):
    """Buckets cannot be made, and this is not root, who may write everywhere."""
    (root / "keyvalue").chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(user)
    (root / "keyvalue").chmod(0o700)


def test_a_folder_that_may_not_be_written_is_denied(provider, forbidden):
    with pytest.raises(BackendError) as caught:
        provider.keyvalue(PLACE).set(b"key", b"value")
    assert caught.value.outcome == "denied"


def test_a_folder_that_is_gone_makes_the_host_unready(provider, root):
    provider.check()
    (root / "blobstore").rmdir()
    with pytest.raises(BackendError, match="blobstore"):
        provider.check()
