"""What the user service takes and gives."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, EmailStr, Field, SecretStr

from coachlib.money import is_known
from coachlib.shapes import Body, Out, Text

Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]


def _currency(code: str) -> str:
    if not is_known(code):
        raise ValueError("must be the code of a currency (ISO 4217)")
    return code


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217"), AfterValidator(_currency)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
# The upper bound keeps hashing from being a way to burn our processor.
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=200)]
GivenPassword = Annotated[SecretStr, Field(max_length=200)]
MailToken = Annotated[SecretStr, Field(max_length=200)]


class Register(Body):
    """POST /auth/register"""

    email: Email
    password: NewPassword
    name: Name
    currency: Currency = "EUR"


class Verify(Body):
    """POST /auth/verify"""

    token: MailToken
    password: GivenPassword


class Forgot(Body):
    """POST /auth/forgot"""

    email: Email


class Reset(Body):
    """POST /auth/reset"""

    token: MailToken
    password: NewPassword


class Login(Body):
    """POST /auth/login"""

    email: Email
    password: GivenPassword


class ProfileChange(Body):
    """PATCH /me; what is left out stays."""

    name: Name | None = None
    currency: Currency | None = None
    email_notifications: bool | None = None


class PasswordChange(Body):
    """POST /me/password"""

    current: GivenPassword
    new: NewPassword


class Profile(Out):
    """An account as its owner sees it."""

    id: uuid.UUID
    email: str
    name: str
    currency: str
    email_notifications: bool
    verified: bool
    created_at: datetime


class Token(Out):
    """A new access token; `expires_in` is in seconds."""

    access_token: str
    expires_in: int


class SignedIn(Token):
    """The answer to a log-in."""

    user: Profile


class LookIntoMail(Out):
    """The one answer to everything that is settled by mail."""

    status: Literal["look into your mail"] = "look into your mail"
