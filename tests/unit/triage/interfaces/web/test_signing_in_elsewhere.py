"""OpenID Connect against a provider that tells the truth, and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey
from starlette.testclient import TestClient

from tests.unit.triage.interfaces.web.identity_provider import CLIENT, Provider, provider
from tests.unit.triage.people import House
from triage.domain.people import Role


@pytest.fixture
def there() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def house(house: House, there: Provider) -> House:
    """A deployment that knows the provider, and one person whom the provider knows."""
    application = house.application
    oidc = application.settings.oidc.model_copy(update={"issuer": there.issuer, "client_id": CLIENT})
    house.application = replace(
        application,
        settings=application.settings.model_copy(update={"oidc": oidc}),
        signing_in_elsewhere=replace(application.signing_in_elsewhere, settings=oidc),
    )
    house.invite("dara", Role.ADMINISTRATOR)
    house.application.managing_people.set_subject("dara", "subject-1", "test")
    there.now = house.clock.now.timestamp()
    return house


def departed(client: TestClient, address: str = "/sign-in/oidc?next=/account") -> dict[str, str]:
    """What the browser is sent to the provider with."""
    answer = client.get(address)
    assert answer.status_code == 303
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def returned(client: TestClient, there: Provider, asked: dict[str, str], **told: str) -> int:
    """The status of coming back."""
    return client.get(
        "/sign-in/oidc/back", params={"code": there.permit(asked), "state": asked["state"], **told}
    ).status_code


def test_a_known_subject_is_let_in_and_led_on(house: House, there: Provider) -> None:
    """By a page of ours; the session's cookie is strict."""
    client = house.client()
    asked = departed(client)
    assert asked["response_type"] == "code"
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid")
    answer = client.get("/sign-in/oidc/back", params={"code": there.permit(asked), "state": asked["state"]})
    assert 'content="0; url=/account"' in answer.text
    assert client.get("/account").status_code == 200


def test_nobody_comes_to_be_by_signing_in(house: House, there: Provider) -> None:
    """A subject that is nobody's here is let in nowhere, and makes nobody."""
    there.claims = {"sub": "subject-2", "email": "dara@example.org", "preferred_username": "dara"}
    client = house.client()
    assert returned(client, there, departed(client)) == 403
    assert [one.principal.login for one in house.application.managing_people.all()] == ["dara"]


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "http://127.0.0.1:1"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": None},
        {"azp": "another-client"},
        {"exp": 1},
        {"exp": None},
        {"iat": 4102444800},
        {"sub": None},
    ],
)
def test_a_token_of_which_one_word_is_wrong_opens_nothing(house: House, there: Provider, lie: dict[str, Any]) -> None:
    """Another's nonce, issuer or audience; one that is over."""
    there.claims = lie
    client = house.client()
    assert returned(client, there, departed(client)) == 403
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256", {"kid": "k"}), "ES256"),
        (OctKey.import_key("a shared secret that somebody chose"), "HS256"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    house: House, there: Provider, key: ECKey | OctKey, algorithm: str
) -> None:
    """Another key of the same name, or a secret in a key's place."""
    there.signing, there.algorithm = key, algorithm
    client = house.client()
    assert returned(client, there, departed(client)) == 403


def test_state_and_browser_belong_together(house: House, there: Provider) -> None:
    """Another state, another browser, a second time, no code, another issuer's answer."""
    client, other = house.client(), house.client()
    asked = departed(client)
    assert returned(client, there, {**asked, "state": "another"}) == 403
    asked = departed(client)
    assert returned(other, there, asked) == 403
    assert returned(client, there, asked, iss="https://elsewhere.example") == 403
    asked = departed(client)
    assert returned(client, there, asked) == 200
    assert returned(client, there, asked) == 403
    departed(client)
    assert client.get("/sign-in/oidc/back", params={"error": "access_denied"}).status_code == 403


def test_a_verifier_goes_with_its_challenge(house: House, there: Provider) -> None:
    """A code that was made for another challenge, and slipped in, is good for nothing."""
    client = house.client()
    asked = departed(client)
    slipped = {**asked, "code_challenge": "A" * 43}
    assert returned(client, there, slipped) == 403


def test_a_provider_that_calls_itself_otherwise_is_refused(house: House, there: Provider) -> None:
    there.document = {"issuer": "https://elsewhere.example"}
    answer = house.client().get("/sign-in/oidc")
    assert (answer.status_code, "provider-differs" in answer.text) == (403, True)


def test_a_disabled_person_is_not_let_in(house: House, there: Provider) -> None:
    house.application.managing_people.disable("dara", "test")
    client = house.client()
    assert returned(client, there, departed(client)) == 403


@pytest.mark.parametrize(("claims", "status"), [({}, 200), ({"auth_time": 1}, 403), ({"auth_time": None}, 403)])
def test_once_more_means_now(house: House, there: Provider, claims: dict[str, Any], status: int) -> None:
    """A provider that only remembers who it was has not asked anybody."""
    client = house.client()
    assert returned(client, there, departed(client)) == 200
    before = client.cookies["triage"]
    house.clock.on(minutes=10)
    there.now = house.clock.now.timestamp()
    assert client.get("/step-up").text.count("/sign-in/oidc?again=1") == 1
    asked = departed(client, "/sign-in/oidc?again=1&next=/people")
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    there.claims = claims
    assert returned(client, there, asked) == status
    assert (client.cookies["triage"] != before) == (status == 200)


def test_where_no_provider_is_set_there_is_no_door(house: House) -> None:
    oidc = house.application.settings.oidc.model_copy(update={"issuer": ""})
    house.application = replace(
        house.application, signing_in_elsewhere=replace(house.application.signing_in_elsewhere, settings=oidc)
    )
    assert "provider-unset" in house.client().get("/sign-in/oidc").text
