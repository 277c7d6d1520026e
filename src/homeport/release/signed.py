"""Records that the operator's own key has signed: what a rollback believes of a host, and nothing else.

Signed is the whole record, and with it the digest of the target that the host keeps beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace

from homeport.errors import ReleaseError
from homeport.release.history import TOOK_OVER, UNFINISHED, Record
from homeport.secrets.signing import SIGNING, SigningKey

CURE = "Deploy that version again from its tag: git checkout TAG, then homeport deploy."


def fingerprint(target: str) -> str:
    """Of the text of a target, for its record."""
    return hashlib.sha256(target.encode()).hexdigest()


def sign(key: SigningKey, record: Record) -> Record:
    return replace(record, signature=key.sign(_text(record)))


def is_signed(key: SigningKey, record: Record) -> bool:
    """Whether this is what an operator wrote. One that was killed after it had taken over was signed as it began;
    that it serves, and with which of the host's own frontends, is the host's word."""
    forms = [record]
    if record.reason == TOOK_OVER:
        forms.append(replace(record, verdict=UNFINISHED, reason="", frontend=""))
    return any(key.good(_text(form), record.signature) for form in forms)


def check(key: SigningKey, where: str, chosen: Record, target: str, later: Iterable[Record]) -> None:
    """Raises ReleaseError unless `chosen` and its `target` are an operator's, as are the records of the releases
    since, which say whether it can run on the schema of now. `where`: the host's name."""
    if not chosen.signature:
        _refuse(
            f"{_name(chosen)} was released by an earlier homeport: what {where} keeps of it is not signed"
        )
    if not is_signed(key, chosen):
        _refuse(
            f"{where}: state/history.jsonl: the record of {_name(chosen)} is not signed with {SIGNING}: "
            "it was altered, or the key is another one now"
        )
    if fingerprint(target) != chosen.target:
        _refuse(f"{where}: state/targets/{chosen.id}.json is not what was released as {_name(chosen)}")
    for record in later:
        if record.images and not is_signed(key, record):
            _refuse(
                f"{where}: state/history.jsonl: the record of {_name(record)} is not signed with {SIGNING}, so nobody "
                f"knows whether {_name(chosen)} can run on what its migrations have left"
            )


def _refuse(fault: str) -> None:
    raise ReleaseError(f"{fault}; nothing was changed", CURE)


def _name(record: Record) -> str:
    return f"release {record.id} ({record.version})"


def _text(record: Record) -> str:
    """What is signed. Without what is empty, so that a record keeps its signature when records get a new field."""
    filled = {key: value for key, value in asdict(record).items() if value and key != "signature"}
    return json.dumps(filled, sort_keys=True)
