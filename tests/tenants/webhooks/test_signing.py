"""Secrets and signatures: those of the specification, and what is stored of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pytest_django import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from project.db.fields import new_id
from tenants.encryption import NotDecryptable
from tenants.webhooks.signing import decrypt_secret, encrypt_secret, generate_secret, sign_message

# The example that the libraries of the specification share.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID, BODY, SENT_AT = (
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    '{"test": 2432232314}',
    datetime.fromtimestamp(1614265330, UTC),
)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))])
def test_it_signs_as_the_specification_does(zone: timezone) -> None:
    headers = sign_message(BODY, message_id=MESSAGE_ID, sent_at=SENT_AT.astimezone(zone), secrets=[SECRET])

    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_a_secret_is_replaced_both_verify_and_no_other() -> None:
    new, old, other = [generate_secret() for _ in range(3)]

    headers = sign_message(BODY, message_id=MESSAGE_ID, sent_at=datetime.now(UTC), secrets=[new, old])

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers) == {"test": 2432232314}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)


def test_a_secret_has_as_many_random_bytes_as_the_specification_asks_for() -> None:
    secrets = {generate_secret() for _ in range(20)}

    assert len(secrets) == 20
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64


def test_what_is_stored_is_no_secret_and_belongs_to_one_endpoint(settings: Settings) -> None:
    endpoint_id, secret = new_id(), generate_secret()

    stored = encrypt_secret(secret, endpoint_id=endpoint_id)

    assert secret.encode() not in stored
    assert decrypt_secret(stored, endpoint_id=endpoint_id) == secret
    with pytest.raises(NotDecryptable):
        decrypt_secret(stored, endpoint_id=new_id())
    settings.SECRET_KEY = "another"
    with pytest.raises(NotDecryptable):
        decrypt_secret(stored, endpoint_id=endpoint_id)


@pytest.mark.parametrize("damaged", [b"", b"x" * 12, b"x" * 100])
def test_what_is_damaged_cannot_be_decrypted(damaged: bytes) -> None:
    with pytest.raises(NotDecryptable):
        decrypt_secret(damaged, endpoint_id=new_id())
