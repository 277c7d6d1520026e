"""RabbitMQ: one node, a virtual host named after the stack, a user for each service."""

from homeport.components.rabbitmq.component import contribute

__all__ = ["contribute"]
