import hmac
import struct

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.notification_hubs import vapid
from emulators.notification_hubs.encryption import Ephemeral, encrypt, public_bytes
from emulators.notification_hubs.installations import decoded

BROWSER = ec.generate_private_key(ec.SECP256R1())
SECRET = bytes(range(16))


def test_the_example_of_the_standard_comes_out_to_the_byte() -> None:
    """RFC 8291, appendix A: its keys and its salt give its message."""
    ephemeral = Ephemeral(
        vapid.read_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), decoded("DGv6ra1nlYgDCS1FRnbzlw")
    )
    message = encrypt(
        b"When I grow up, I want to be a watermelon",
        decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decoded("BTBZMqHH6r4Tts7J_aSIgg"),
        ephemeral,
    )
    assert message == decoded(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def opened(message: bytes) -> bytes:
    """What the browser reads: RFC 8291 and 8188 from the other side, with the two steps of HKDF made by hand."""
    salt, (size, length) = message[:16], struct.unpack("!IB", message[16:21])
    sender, record = message[21 : 21 + length], message[21 + length :]
    assert len(record) <= size
    shared = BROWSER.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))

    def derived(key: bytes, material: bytes, info: bytes, wanted: int) -> bytes:
        extracted = hmac.digest(key, material, "sha256")
        return HKDFExpand(hashes.SHA256(), wanted, info).derive(extracted)

    own = BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    material = derived(SECRET, shared, b"WebPush: info\0" + own + sender, 32)
    key = derived(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derived(salt, material, b"Content-Encoding: nonce\0", 12)
    plaintext, delimiter, padding = AESGCM(key).decrypt(nonce, record, None).rpartition(b"\x02")
    assert (delimiter, padding.strip(b"\0")) == (b"\x02", b"")
    return plaintext


@given(st.binary(max_size=5000))
@settings(max_examples=50, deadline=None)
def test_the_browser_reads_what_was_sent(payload: bytes) -> None:
    """Whatever the payload, also one that is longer than a usual record."""
    message = encrypt(payload, public_bytes(BROWSER.public_key()), SECRET, Ephemeral.generate())
    assert opened(message) == payload
    assert payload not in message or len(payload) < 8


def test_the_token_names_the_push_service() -> None:
    """RFC 8292: a push service reads who sends, for how long, and that the token is for it."""
    identity = vapid.Vapid(vapid.generate_key(), "mailto:ops@example.com")
    scheme, parameters = identity.authorization("https://push.example:444/subscription/1?x", 1_000.0).split(" ", 1)
    token, key = (part.strip()[2:] for part in parameters.split(","))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    claims = jwt.decode(token, public, algorithms=["ES256"], options={"verify_exp": False, "verify_aud": False})
    assert scheme == "vapid"
    assert key == identity.public_key
    assert claims == {"aud": "https://push.example:444", "exp": 1_000 + 12 * 3600, "sub": "mailto:ops@example.com"}


def test_a_key_is_kept_as_azure_writes_it() -> None:
    """32 bytes in base64url, which come back as the same key."""
    key = vapid.generate_key()
    text = vapid.written_key(key)
    assert vapid.Vapid(vapid.read_key(text)).public_key == vapid.Vapid(key).public_key
    assert len(decoded(text)) == 32


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "A" * 43])
def test_what_is_no_key_is_refused(text: str) -> None:
    """Too short, not base64url, or no number on the curve."""
    with pytest.raises(ValueError, match="32 bytes in base64url"):
        vapid.read_key(text)


@pytest.mark.parametrize("text", ["", "ops@example.com", "http://example.com", "mailto:"])
def test_a_subject_is_an_address(text: str) -> None:
    """Push services refuse others, so the command line does."""
    with pytest.raises(ValueError, match="mailto"):
        vapid.read_subject(text)
