"""Secrets of webhook endpoints, and the signatures made with them (Standard Webhooks 1.0.0, "Signature scheme").

A secret is shown once, when it is made. It is stored encrypted, as signing needs it again.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook

from tenants.encryption import decrypt, encrypt

# The specification allows 24 to 64; 32 are as many as SHA-256 makes use of without hashing them first.
_SECRET_BYTES = 32


def generate_secret() -> str:
    """Return a new secret, `whsec_` and base64."""
    return "whsec_" + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def encrypt_secret(secret: str, *, endpoint_id: UUID) -> bytes:
    """Return what is stored of the secret of an endpoint."""
    return encrypt(secret.encode(), key=_derive_key(), context=str(endpoint_id))


def decrypt_secret(encrypted: bytes | memoryview, *, endpoint_id: UUID) -> str:
    """Return the secret of an endpoint. Raises NotDecryptable, as after a change of SECRET_KEY."""
    return decrypt(bytes(encrypted), key=_derive_key(), context=str(endpoint_id)).decode()


def sign_message(body: str, *, message_id: str, sent_at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a message, with a signature for each of the secrets."""
    sent_at = sent_at.astimezone(UTC)  # `Webhook.sign` takes any other zone for UTC
    signatures = [Webhook(secret).sign(msg_id=message_id, timestamp=sent_at, data=body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _derive_key() -> bytes:
    return salted_hmac("tenants.webhooks", "secrets of endpoints", algorithm="sha256").digest()
