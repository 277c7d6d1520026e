"""Services that exist for the tests of coachlib only."""
