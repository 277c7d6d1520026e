"""The stacks that the tests of the edge are tried on."""

from __future__ import annotations

import os

from homeport.stack.model import Stack, Target
from homeport.stack.parts import Edge, Environment, Frontend, Ports, RateLimit, Route, Service, Volume

# Another version is tried with HOMEPORT_TEST_NGINX=IMAGE.
NGINX = os.environ.get("HOMEPORT_TEST_NGINX", "homeport/nginx:1.26")


def target(
    edge: Edge, services: dict[str, Service], environment: Environment | None = None, name: str = "hpedge"
) -> Target:
    env = environment or Environment(domain="shop.localhost")
    stack = Stack(homeport=1, name=name, environments={"local": env}, edge=edge, services=services)
    return Target(stack, "local", images={"nginx": NGINX})


def service(port: int | None = 8000, **more: object) -> Service:
    return Service.model_validate({"image": "homeport/python:3.13-slim", "port": port, **more})


def api(**more: object) -> Edge:
    usual = {"frontend": Frontend(files="web"), "routes": {"/api": Route(service="gateway")}}
    return Edge.model_validate(usual | more)


def budgetcoach() -> Target:
    names = ("gateway", "user", "transaction", "budget", "notification", "ai")
    return target(api(), {name: service() for name in names})


def tiny() -> Target:
    return target(Edge(routes={"/": Route(service="hello")}), {"hello": service()})


def aliases() -> Target:
    env = Environment(
        domain="shop.com", aliases=("www.shop.com", "shop.org"), ports=Ports(http=8080, https=8443)
    )
    return target(api(), {"gateway": service()}, env)


def replicas() -> Target:
    return target(api(), {"gateway": service(replicas=3), "user-mail": service(9000, replicas=2)})


def strip() -> Target:
    routes = {"/a.b+c": Route(service="gateway", strip=True), "/a": Route(service="other")}
    return target(api(routes=routes), {"gateway": service(), "other": service(80)})


def proxies() -> Target:
    edge = api(trusted_proxies=("10.0.0.0/8", "2001:db8::/32"), max_body="1G", rate=RateLimit(burst=0))
    return target(edge, {"gateway": service()})


def mixed() -> Target:
    """Ports that the edge has itself, a service with a volume, one that is not HTTP, and a worker."""
    services = {
        "gateway": service(443),
        "host": service(8081),
        "files": service(80, volumes=(Volume(name="files", path="/data"),)),
        "smtp": service(2525, protocol="tcp"),
        "worker": service(None),
    }
    routes = {"/api": Route(service="gateway"), "/files": Route(service="files"), "/h": Route(service="host")}
    return target(Edge(routes=routes), services)


def policy() -> Target:
    edge = api(
        csp="default-src 'self'; script-src 'self' https://a.example; frame-ancestors 'self'",
        frontend=Frontend(files="web", spa=False, assets="/_next/static"),
    )
    return target(edge, {"gateway": service()})


def plain() -> Target:
    return target(Edge(frontend=Frontend(files="web")), {})


ALL = (budgetcoach, tiny, aliases, replicas, strip, proxies, mixed, policy, plain)
