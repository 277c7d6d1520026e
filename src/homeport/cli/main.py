"""The command line: finds the command, runs it, and turns every way it can end into words and an exit code."""

from __future__ import annotations

import importlib
import signal
import sys

import click

from homeport import __version__

# name -> what the help says; the module of the same name holds `command` and is loaded only when it is used.
COMMANDS: dict[str, str] = {
    "init": "Write homeport.yaml from an existing compose file.",
    "check": "Read homeport.yaml and say all that is wrong with it.",
    "explain": "What a part or a key means, its default and an example.",
    "schema": "The JSON schema of the language, for your editor.",
    "render": "Write the stack of an environment as plain files.",
    "up": "Build, start or update the stack on this machine.",
    "deploy": "A new release of the whole stack, without losing a request.",
    "rollback": "Back to an earlier release, as a whole.",
    "history": "The releases: who, when, what changed, requests that failed.",
    "diff": "What a deploy would change, and why.",
    "down": "Stop the stack on this machine; data is kept.",
    "status": "What runs: release, slot, health, memory.",
    "logs": "What the services say.",
    "open": "Open the app, or an operator page, in the browser.",
    "secrets": "init, set, edit, list, rotate, readers: secrets, encrypted in git.",
}

GUIDE = """From docker compose on a laptop to production on your own server.

\b
Start:      homeport init        write homeport.yaml from your compose file
            homeport check       all that is wrong with it, each with place and cure
            homeport up          the production form of it, on this machine
Release:    homeport diff | deploy | rollback | history
Look:       homeport status | logs SERVICE | open
Understand: homeport explain services.health
            homeport render production --output plain/

Exit codes: 0 done, 1 something to mend in the stack or on the machine, 3 our fault, 130 interrupted
(143 by SIGTERM, 129 by a closed terminal).
"""


class Lazy(click.Group):
    """A group that imports a command only when it is called, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"homeport.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            ctx.fail(f'No such command "{args[0]}".{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, help=GUIDE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="homeport")
def cli() -> None:
    """The root of all commands."""


def main() -> None:
    """Entry point: the one place where an exception becomes an exit code."""
    from homeport.cli.signals import answer_signals
    from homeport.engine.wait import INTERRUPTION
    from homeport.errors import HomeportError

    answer_signals()
    try:
        sys.exit(cli(prog_name="homeport", standalone_mode=False) or 0)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as fault:
        fault.show()
        sys.exit(1)
    except HomeportError as fault:
        from homeport.cli.say import show_error

        show_error(fault)
        sys.exit(fault.exit_code)
    except (KeyboardInterrupt, click.Abort):  # click makes an Abort of the other
        click.echo(
            "\nInterrupted. What serves goes on serving; the same command goes on from here.", err=True
        )
        sys.exit(128 + (INTERRUPTION.number or signal.SIGINT))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as fault:
        from homeport.cli.say import show_crash

        show_crash(fault)
        sys.exit(3)
