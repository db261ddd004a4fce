"""A small OpenID provider on this machine, which can be told to lie."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT = "triage-test"


@dataclass
class Provider:
    """What it says: the discovered document and the token's claims, each with what is told otherwise."""

    issuer: str
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256", "use": "sig"})
    )
    signing: ECKey | OctKey | None = None
    algorithm: str = "ES256"
    claims: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    challenges: dict[str, tuple[str, str]] = field(default_factory=dict)  # code → challenge, nonce
    now: float = 0

    def permit(self, asked: dict[str, str]) -> str:
        """What a person's consent makes: a code for this challenge."""
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = (asked["code_challenge"], asked["nonce"])
        return code

    def discovered(self) -> dict[str, Any]:
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return {**own, **self.document}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A token for a code and the verifier of its challenge, once."""
        challenge, nonce = self.challenges.pop(form["code"], ("", ""))
        proved = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if proved.decode() != challenge:
            return 400, {"error": "invalid_grant"}
        said = {
            "iss": self.issuer, "sub": "subject-1", "aud": CLIENT, "nonce": nonce,
            "iat": int(self.now), "exp": int(self.now) + 300, "auth_time": int(self.now),
        }  # fmt: skip
        claims = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "k"}
        signed = jwt.encode(header, claims, self.signing or self.key, algorithms=["ES256", "HS256"])
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """One that answers until the block ends."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            documents = {
                "/.well-known/openid-configuration": running.discovered(),
                "/keys": {"keys": [running.key.as_dict(private=False)]},
            }
            self._say(200, documents[self.path])

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(*running.token({name: value[0] for name, value in parse_qs(body).items()}))

        def _say(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    running = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield running
    server.shutdown()
    server.server_close()
    thread.join()
