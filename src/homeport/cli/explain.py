"""`homeport explain`: what a part or a key of homeport.yaml means."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("part", default="")
@click.option("--markdown", is_flag=True, help="The whole reference, as docs/reference.md holds it.")
def command(part: str, markdown: bool) -> None:
    """What PART means: its type, default, description and an example.

    \b
    homeport explain                   the parts of the file
    homeport explain services          the keys of a service
    homeport explain services.health   one of them
    """
    from homeport.stack.explain import explain, reference

    click.echo(reference() if markdown else explain(part), nl=not markdown)
