"""From contributions to plain files, byte for byte the same for the same input."""
