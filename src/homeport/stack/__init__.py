"""The language of homeport.yaml: from text with places to a frozen `Stack` that nobody checks again."""
