"""`homeport schema`: the JSON schema of the language."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON schema of homeport.yaml, for your editor.

    \b
    homeport schema > homeport.schema.json
    and as the first line of homeport.yaml:
    # yaml-language-server: $schema=homeport.schema.json
    """
    import json

    from homeport.stack.schema import schema

    click.echo(json.dumps(schema(), indent=2))
