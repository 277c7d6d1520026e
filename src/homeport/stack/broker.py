"""The broker, and what a service may do at it: RabbitMQ's own three rights, and the topics of its topic exchanges."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from homeport.stack.part import Part
from homeport.stack.words import ExchangeName, NamePattern, Number, Size, parse_whole

_MIB = 1024 * 1024


class TopicRights(Part):
    """Which routing keys of a topic exchange a service may use. A pattern is a regular expression for the whole key."""

    write: NamePattern = Field(
        "", description="Keys it may publish with; none by default.", examples=[r'"budget\\..*"']
    )
    read: NamePattern = Field(
        "", description="Keys it may bind a queue to; none by default.", examples=[r'"user\\..*"']
    )


class BrokerRights(Part):
    """Which queues and exchanges a service may use. A pattern is a regular expression for the whole name; without one,
    none. RabbitMQ asks for `configure` to declare or delete, for `write` to publish to an exchange or to bind a queue,
    for `read` to consume or purge a queue or to bind to an exchange.
    """

    configure: NamePattern = Field(
        "", description="Names it may declare and delete.", examples=[r'"events|budget\\.(events|dead)"']
    )
    write: NamePattern = Field(
        "",
        description="Exchanges it may publish to, queues it may bind.",
        examples=[r'"events|budget\\.(events|dead)"'],
    )
    read: NamePattern = Field(
        "",
        description="Queues it may consume, exchanges it may bind to.",
        examples=[r'"events|budget\\.(events|dead)"'],
    )
    topics: dict[ExchangeName, TopicRights] = Field(
        {},
        description="Topic exchange -> routing keys. Of an exchange that is not named here, all.",
        examples=[r'{events: {write: "budget\\..*", read: "user\\..*"}}'],
    )


class RabbitMQ(Part):
    """RabbitMQ, one node, a virtual host for the stack."""

    containers = ("rabbitmq", "admin")  # the broker's own user: each service is one

    version: Annotated[Literal[4], BeforeValidator(parse_whole)] = Field(4, description="Major version.")
    memory: Size = Field(1024 * _MIB, ge=256 * _MIB, description="Memory limit.")
    cpus: Number = Field(1.0, gt=0, description="CPU limit.", examples=["2"])
