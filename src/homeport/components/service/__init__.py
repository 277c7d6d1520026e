"""Services: the programs of the stack, each in two slots or, with volumes or TCP, one container."""

from homeport.components.service.component import contribute

__all__ = ["contribute"]
