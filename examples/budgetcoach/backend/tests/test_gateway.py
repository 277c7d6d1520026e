"""The gateway: who gets in, what passes, and that a repeated POST is done once."""

from __future__ import annotations

import base64
import json
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx
import jwt
import pytest

from tests.launcher import IDENTITY_KEYS, JWT_KEY, Launch, Service
from tests.letterbox import next_letter, open_letterbox
from tests.peer import PeerServer, peer
from tests.servers import PostgresServer, free_port, wait_for

USER = uuid.uuid4()
OTHER = uuid.uuid4()


@pytest.fixture(scope="module")
def behind() -> Iterator[PeerServer]:
    """The service behind the gateway."""
    with peer() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(launch_module: Launch, behind: PeerServer) -> Service:
    """A gateway whose user and transaction services are the peer; the budget service is down."""
    down = f"http://127.0.0.1:{free_port()}"
    urls = {"USER_URL": behind.url, "TRANSACTION_URL": behind.url, "BUDGET_URL": down}
    return launch_module("gateway", {**urls, "USER_BURST": "1000", "USER_RATE": "1000"})


def token(user: uuid.UUID = USER, key: str = JWT_KEY, algorithm: str = "HS256", **claims: object) -> str:
    now = int(time.time())
    full = {"sub": str(user), "iss": "budgetcoach", "iat": now, "exp": now + 60} | claims
    return jwt.encode(full, key, algorithm=algorithm)


def bearer(user: uuid.UUID = USER) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(user)}"}


def seen_headers(answer: httpx.Response) -> dict[str, str]:
    return dict(answer.json()["headers"])


def unsigned() -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"sub": str(USER), "iss": "budgetcoach", "iat": 1, "exp": 9_999_999_999}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


@pytest.mark.parametrize(
    "bad",
    [
        token(key="another key that is long enough for it"),
        token(exp=1),
        token(iss="someone else"),
        token(sub="not a uuid"),
        token(algorithm="HS512", key=JWT_KEY * 2),
        unsigned(),
        "nonsense",
    ],
)
def test_bad_token(gateway: Service, bad: str) -> None:
    answer = gateway.client.get("/api/v1/me", headers={"Authorization": f"Bearer {bad}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_token_without_needed_claim(gateway: Service) -> None:
    endless = jwt.encode({"sub": str(USER), "iss": "budgetcoach"}, JWT_KEY, algorithm="HS256")
    answer = gateway.client.get("/api/v1/me", headers={"Authorization": f"Bearer {endless}"})
    assert answer.status_code == 401


def test_only_the_gateway_says_who_the_user_is(gateway: Service) -> None:
    forged = {"X-User-Id": str(OTHER), "x_user_id": str(OTHER), "X-User-Role": "admin", "Cookie": "c=1"}
    answer = gateway.client.get("/api/v1/transactions", headers=bearer() | forged)
    headers = answer.json()["headers"]
    about_user = [pair for pair in headers if pair[0].replace("_", "-").startswith("x-user-")]
    [[name, signed]] = about_user
    assert name == "x-user-token"
    claims = jwt.decode(signed, IDENTITY_KEYS["transaction"], algorithms=["HS256"], audience="transaction")
    assert claims["sub"] == str(USER)
    assert {name for name, _ in headers}.isdisjoint({"authorization", "cookie"})


def test_public_paths_carry_cookies_and_no_user(gateway: Service) -> None:
    headers = bearer() | {"X-User-Id": str(OTHER), "Cookie": "refresh=abc"}
    answer = gateway.client.post("/api/v1/auth/refresh", headers=headers)
    seen = seen_headers(answer)
    assert seen["cookie"] == "refresh=abc"
    assert not any(name.startswith("x-user-") for name in seen)
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_only_the_edge_says_who_the_client_is(gateway: Service) -> None:
    """What it says replaces all that a client sends: one address, and nothing that is none."""
    forged = {"X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9", "X_Real_IP": "9.9.9.9"}
    for given, seen in (
        ([("X-Real-IP", "203.0.113.5")], "203.0.113.5"),
        ([], "127.0.0.1"),
        ([("X-Real-IP", "' OR 1=1")], "127.0.0.1"),
        ([("X-Real-IP", "203.0.113.5"), ("X-Real-IP", "203.0.113.6")], "127.0.0.1"),
    ):
        headers = [*bearer().items(), *forged.items(), *given]
        answer = gateway.client.get("/api/v1/transactions", headers=headers)
        got = answer.json()["headers"]
        assert [value for name, value in got if name.replace("_", "-") == "x-real-ip"] == [seen]


def test_correlation_id_goes_all_the_way(gateway: Service) -> None:
    answer = gateway.client.get("/api/v1/me", headers=bearer() | {"X-Request-ID": "edge-1"})
    assert answer.headers["X-Request-ID"] == seen_headers(answer)["x-request-id"] == "edge-1"
    assert answer.headers["X-Service-Version"] == "peer"


def test_path_and_query_are_passed_as_they_are(gateway: Service) -> None:
    path = "/api/v1/transactions?q=caf%C3%A9%20%26&page=2"
    assert gateway.client.get(path, headers=bearer()).json()["path"] == path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/auth/../me", 400),
        ("/api/v1/auth/%2e%2e/me", 400),
        ("/api/v1/auth%2f..%2fme", 400),
        ("/api/v1//me", 400),
        ("/api/v2/me", 404),
        ("/internal", 404),
    ],
)
def test_strange_paths(gateway: Service, path: str, status: int) -> None:
    # http.client sends the path as it is; httpx would clean it first.
    import http.client

    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"))
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == status
    assert json.loads(answer.read())["error"]["message"]


def test_service_that_is_down(gateway: Service) -> None:
    answer = gateway.client.get("/api/v1/budgets", headers=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "bad_gateway")
    assert answer.headers["Retry-After"]


def test_body_too_large(gateway: Service, behind: PeerServer) -> None:
    before = behind.requests
    large = b"x" * (10 * 1024 * 1024 + 1)
    announced = gateway.client.post("/api/v1/imports", content=large, headers=bearer())
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))
    streamed = gateway.client.post("/api/v1/imports", content=pieces, headers=bearer())
    assert [announced.status_code, streamed.status_code] == [413, 413]
    assert announced.json()["error"]["code"] == "too_large"
    assert behind.requests == before


def test_body_is_passed(gateway: Service) -> None:
    answer = gateway.client.post("/api/v1/imports", content=b"x" * 5_000_000, headers=bearer())
    assert (answer.status_code, answer.json()["size"]) == (201, 5_000_000)


def post(
    gateway: Service,
    key: str,
    body: object = None,
    user: uuid.UUID = USER,
    query: str = "",
    area: str = "transactions",
) -> httpx.Response:
    headers = bearer(user) | {"Idempotency-Key": key}
    path = f"/api/v1/{area}{query}"
    return httpx.post(gateway.url + path, json=body or {"a": 1}, headers=headers, timeout=30)


def test_same_key_is_done_once(gateway: Service) -> None:
    first, second = post(gateway, "once"), post(gateway, "once")
    assert first.json() == second.json()
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["content-type"] == "application/json"


def test_same_key_with_another_body(gateway: Service) -> None:
    post(gateway, "body")
    assert post(gateway, "body", {"a": 2}).status_code == 422


def test_same_form_sent_again(gateway: Service) -> None:
    headers = bearer() | {"Idempotency-Key": "form"}

    def upload(text: bytes) -> httpx.Response:
        return httpx.post(f"{gateway.url}/api/v1/imports", files={"file": ("a.csv", text)}, headers=headers)

    answers = [upload(b"1,2"), upload(b"1,2"), upload(b"3,4")]
    assert [answer.status_code for answer in answers] == [201, 201, 422]


def test_key_belongs_to_its_user(gateway: Service) -> None:
    mine, theirs = post(gateway, "shared"), post(gateway, "shared", user=OTHER)
    assert mine.json()["number"] != theirs.json()["number"]


def test_keys_at_the_same_moment(gateway: Service, behind: PeerServer) -> None:
    """One is passed on; it is under way until all the others have their answer."""
    before = behind.requests
    barrier = threading.Barrier(8)
    behind.released.clear()

    def race() -> int:
        barrier.wait()
        return post(gateway, "race", query="?hold=1").status_code

    with ThreadPoolExecutor(8) as pool:
        tries = as_completed([pool.submit(race) for _ in range(8)])
        codes = [next(tries).result() for _ in range(7)]
        behind.released.set()
        codes += [one.result() for one in tries]
    assert codes == [409] * 7 + [201]
    assert behind.requests == before + 1


def test_failure_gives_the_key_back(gateway: Service) -> None:
    first = post(gateway, "failed", query="?status=503")
    second = post(gateway, "failed", query="?status=503")
    assert first.json()["number"] != second.json()["number"]


def test_malformed_key(gateway: Service) -> None:
    assert post(gateway, "with space").status_code == 400


def test_answers_with_tokens_are_not_kept(gateway: Service) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "auth"}
        answer = httpx.post(f"{gateway.url}/api/v1/auth/login", json={}, headers=headers)
        assert "Idempotency-Replayed" not in answer.headers
    assert gateway.sql("SELECT * FROM idempotency_keys WHERE key = 'auth'") == []


def test_database_dies_while_the_service_works(
    launch: Launch, behind: PeerServer, postgres: PostgresServer
) -> None:
    """The work is done, so its answer reaches the client; a repetition is not done again."""
    gateway = launch("gateway", {"TRANSACTION_URL": behind.url})
    before = behind.requests
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, gateway, "dies", query="?sleep=2", area="imports")
        wait_for("the key is taken", lambda: len(gateway.sql("SELECT * FROM idempotency_keys")) == 1)
        postgres.stop(signal.SIGQUIT)
        assert answer.result().status_code == 201
    assert post(gateway, "dies", query="?sleep=2", area="imports").status_code == 503
    postgres.start()
    gateway.wait_ready()
    assert post(gateway, "dies", query="?sleep=2", area="imports").status_code == 409
    assert behind.requests == before + 1


def test_who_was_cut_off_need_not_wait_for_long(gateway: Service, behind: PeerServer) -> None:
    """The gateway died and nobody knows the outcome: done again where the service knows the key."""
    for area, code in (("transactions", 201), ("imports", 409)):
        answer = post(gateway, f"cut-{area}", area=area)
        assert answer.status_code == 201
        forgotten = "status = NULL, body = NULL, started_at = now() - interval '11 seconds'"
        gateway.sql(f"UPDATE idempotency_keys SET {forgotten} WHERE key = 'cut-{area}' RETURNING key")
        assert post(gateway, f"cut-{area}", {"a": 2}, area=area).status_code == 422
        assert post(gateway, f"cut-{area}", area=area).status_code == code


def test_rate_limit_is_for_each_user(launch: Launch, behind: PeerServer) -> None:
    gateway = launch("gateway", {"USER_URL": behind.url, "USER_RATE": "0.5", "USER_BURST": "5"})
    codes = [gateway.client.get("/api/v1/me", headers=bearer()).status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    refused = gateway.client.get("/api/v1/me", headers=bearer())
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert gateway.client.get("/api/v1/me", headers=bearer(OTHER)).status_code == 200


def test_metrics_have_no_paths(gateway: Service) -> None:
    gateway.client.get(f"/api/v1/transactions/{uuid.uuid4()}", headers=bearer())
    page = gateway.client.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/api/v1/transactions",status="200"}' in page
    assert page.count("http_requests_total{") < 40


def test_real_user_service_behind(launch: Launch) -> None:
    user = open_letterbox(launch("user"))
    gateway = launch("gateway", {"USER_URL": user.url})
    body = {"email": "real@example.org", "password": "correct horse battery", "name": "R"}
    asked = gateway.client.post("/api/v1/auth/register", json=body)
    assert asked.status_code == 202, asked.text
    proof = {"token": next_letter(user, "real@example.org")["token"], "password": body["password"]}
    signed_in = gateway.client.post("/api/v1/auth/verify", json=proof)
    assert signed_in.status_code == 200, signed_in.text
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    assert gateway.client.get("/api/v1/me", headers=headers).json() == signed_in.json()["user"]
    cookie = {"Cookie": f"refresh={signed_in.cookies['refresh']}"}
    assert httpx.post(f"{gateway.url}/api/v1/auth/refresh", headers=cookie).status_code == 200


def test_guesses_are_counted_for_the_client_that_the_edge_saw(launch: Launch) -> None:
    """All the way: the headers that a guesser makes up do not give them a new start, and hurt nobody else."""
    gateway = launch("gateway", {"USER_URL": launch("user").url})

    def guess(client: str, number: int = 0) -> int:
        made_up = {"X-Forwarded-For": f"9.9.9.{number}", "X-Client-Address": f"9.9.9.{number}"}
        body = {"email": "ada@example.org", "password": "wrong password"}
        headers = made_up | {"X-Real-IP": client}
        return gateway.client.post("/api/v1/auth/login", json=body, headers=headers).status_code

    assert 429 in [guess("203.0.113.9", number) for number in range(12)]
    assert guess("198.51.100.7") == 401
