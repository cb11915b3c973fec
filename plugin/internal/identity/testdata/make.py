"""Writes pyjwt.json: tokens of every algorithm, made by PyJWT, and what verifies them.

    pip install PyJWT==2.10.1 cryptography==50.0.2
    python make.py > pyjwt.json

The private keys are thrown away. The three named tokens are those of the gateway's cases
(plugin/cases/testdata/jwt_*.txtar).
"""
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUED, EXPIRES = 1_690_000_000, 4_102_444_800  # the end is in the year 2100
CLAIMS = {
    "iss": "https://id.example.com", "aud": ["other", "ai"], "sub": "user-1", "iat": ISSUED, "nbf": ISSUED, "exp": EXPIRES,
    "org": "acme", "https://example.com/plan": "gold", "realm_access": {"roles": ["writer", "offline_access"]},
    "scope": "chat embeddings",
}
NAMED = {
    "oidc": CLAIMS | {"aud": "ai", "azp": "chat-ui", "typ": "Bearer", "preferred_username": "ada", "email_verified": True},
    "cloudflare": {
        "aud": ["32eafc7626e737ad7d8c3a12c5f8e0a1e6b9d4f02b7a4f1c9d6e5f4a3b2c1d0e"], "email": "ada@example.com", "exp": EXPIRES,
        "iat": ISSUED, "nbf": ISSUED, "iss": "https://team.cloudflareaccess.com", "type": "app", "identity_nonce": "6ei69kawdKzMIAPF",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94", "country": "NL",
    },
    "kubernetes": {
        "aud": ["postern"], "exp": EXPIRES, "iat": ISSUED, "nbf": ISSUED, "iss": "https://kubernetes.default.svc.cluster.local",
        "jti": "2b9a7c1e-0d3f-4e47-9d0c-54f5a8d1c7aa", "sub": "system:serviceaccount:team-a:web",
        "kubernetes.io": {
            "namespace": "team-a", "node": {"name": "node-1", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
            "pod": {"name": "web-0", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
            "serviceaccount": {"name": "web", "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},
        },
    },
}
SECRET = "a secret of 64 bytes or more, which HS512 wants as much as a hash has"


def main():
    keys = {"rsa": rsa.generate_private_key(65537, 2048), "p256": ec.generate_private_key(ec.SECP256R1()),
            "p384": ec.generate_private_key(ec.SECP384R1()), "p521": ec.generate_private_key(ec.SECP521R1()),
            "ed": ed25519.Ed25519PrivateKey.generate()}
    of = {"RS": "rsa", "PS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521", "Ed": "ed"}
    tokens = []
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"]:
        if alg.startswith("HS"):
            tokens.append({"alg": alg, "token": jwt.encode(CLAIMS, SECRET, alg)})
            continue
        kid = of.get(alg) or of[alg[:2]]
        tokens.append({"alg": alg, "token": jwt.encode(CLAIMS, keys[kid], alg, headers={"kid": kid})})
    write = {"rsa": RSAAlgorithm.to_jwk, "p256": ECAlgorithm.to_jwk, "p384": ECAlgorithm.to_jwk, "p521": ECAlgorithm.to_jwk, "ed": OKPAlgorithm.to_jwk}
    public = [{**json.loads(write[kid](k.public_key())), "kid": kid, "use": "sig"} for kid, k in keys.items()]
    for k in public:
        k.pop("key_ops", None)
    named = {name: jwt.encode(claims, keys["rsa"], "RS256", headers={"kid": "rsa"}) for name, claims in NAMED.items()}
    print(json.dumps({"made_by": "PyJWT " + jwt.__version__, "secret": SECRET, "jwks": {"keys": public}, "tokens": tokens, "named": named}, indent=1))


main()
