"""Says one word to who asks within the stack."""

from serve import serve

WORD = "hello"

serve(lambda path: WORD.encode())
