"""The services of AI Budget Coach, one package each; an image holds one of them."""
