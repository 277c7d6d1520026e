"""From other people's compose files to a first homeport.yaml: text in, a Draft and its findings out; runs nothing."""
