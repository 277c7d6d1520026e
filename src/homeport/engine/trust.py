"""How to make a machine trust the operator's own certificate authority."""

from __future__ import annotations

from homeport.engine.authority import Authority

_TEXT = """\
Trust this authority once, and every certificate of it is good. It can only sign for {permitted} and names below.

  certificate   {root}
  SHA-256       {fingerprint}

  Debian, Ubuntu   sudo cp {root} /usr/local/share/ca-certificates/homeport.crt && sudo update-ca-certificates
  Fedora, RHEL     sudo trust anchor {root}
  macOS            sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {root}
  Windows          certutil -addstore -f Root {name}   (as administrator; copy the file there first)
  Chrome on Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n homeport -i {root}   (package libnss3-tools)
  Firefox          Settings, Privacy & Security, View Certificates, Authorities, Import; "identify websites"
  curl             curl --cacert {root} {url}
  Python           SSL_CERT_FILE={root}
  Node.js          NODE_EXTRA_CA_CERTS={root}
"""


def trust_instructions(authority: Authority, url: str) -> str:
    """A page for a person, with the commands for each system. `url`: what to try it on."""
    return _TEXT.format(
        permitted=", ".join(authority.permitted),
        root=authority.root,
        name=authority.root.name,
        fingerprint=authority.fingerprint,
        url=url,
    )
