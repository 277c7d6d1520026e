"""The one way in: checks who asks, how often and whether again, then passes the request on."""
