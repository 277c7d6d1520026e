"""From a rendered tree and running containers to a new release: the plan is pure, the roll acts."""
