"""No credential shows: not in what a provider says of itself, not in an error, not in a log."""

from __future__ import annotations

import logging

import pytest

from wasicloud_host.errors import BackendError


def test_nothing_a_provider_says_of_itself_holds_a_credential(backend, provider):
    told = f"{provider!r} {provider} {provider.summary()} {vars(provider)}"
    for secret in backend.secrets:
        assert secret not in told


def test_a_wrong_credential_is_refused_without_being_shown(backend, tmp_path, caplog):
    if not backend.secrets:
        return  # a backend without credentials
    wrong = "d3Jvbmcgc2VjcmV0IG9mIGEgdGVzdA=="
    file = tmp_path / "secret"
    file.write_text(wrong)
    options = {key: str(file) if key.endswith("File") else value for key, value in backend.options.items()}
    provider = type(backend)(backend.type, options).open()
    with caplog.at_level(logging.DEBUG), pytest.raises(BackendError) as caught:
        provider.keyvalue(backend.place("any")).get(b"key")
    assert caught.value.outcome == "denied"
    assert wrong not in str(caught.value) + caplog.text
    with pytest.raises(BackendError) as caught:
        provider.check()
    assert wrong not in str(caught.value)
    provider.close()


def test_a_credential_that_is_replaced_is_used_without_a_restart(backend, tmp_path, place):
    if not backend.secrets:
        return  # a backend without credentials
    file = tmp_path / "secret"
    file.write_text("d3Jvbmcgc2VjcmV0IG9mIGEgdGVzdA==")
    options = {key: str(file) if key.endswith("File") else value for key, value in backend.options.items()}
    provider = type(backend)(backend.type, options).open()
    with pytest.raises(BackendError):
        provider.keyvalue(place).get(b"key")
    file.write_text(backend.secrets[0])
    provider.keyvalue(place).set(b"key", b"value")
    assert provider.keyvalue(place).get(b"key") == b"value"
    provider.close()
