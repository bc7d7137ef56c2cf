"""Makes an issuer for a test environment: `python -m scripts.make_test_issuer https://example.org/belfry-tests FOLDER`.

An OpenID Connect issuer is, for whoever checks its tokens, two static files. This writes them into FOLDER, to be
published at the address, and beside them the key that tests sign tokens with. Whoever has that key is anybody there: it
is for environments with nothing in them but what tests have sent.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


def write_issuer(address: str, folder: Path) -> Path:
    """Write the files, and return the path of the key, which is not to be published.

    Args:
        address: where the folder `public` will be found; the issuer's name.
        folder: takes `public/` and `key.pem`.
    """
    address = address.rstrip("/")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "test", "use": "sig", "alg": "RS256"}
    discovery = {
        "issuer": address,
        "jwks_uri": f"{address}/keys.json",
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    (folder / "public/.well-known").mkdir(parents=True)
    (folder / "public/keys.json").write_text(json.dumps({"keys": [public]}))
    (folder / "public/.well-known/openid-configuration").write_text(json.dumps(discovery))
    secret = folder / "key.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return secret


def main() -> int:
    """Write an issuer to where the command line says."""
    try:
        _, address, folder = sys.argv
    except ValueError:
        print(__doc__, file=sys.stderr)
        return 2
    key = write_issuer(address, Path(folder))
    print(f"Publish {folder}/public at {address}.\nexport AUTH_ISSUER={address} BELFRY_TEST_ISSUER_KEY={key}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
