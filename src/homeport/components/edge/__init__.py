"""The edge: nginx in front of everything, and between the services."""

from homeport.components.edge.component import contribute

__all__ = ["contribute"]
