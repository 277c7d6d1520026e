"""One folder a kind of part; each turns its typed part into a Contribution and touches nothing."""
