"""The two image sets under one contract, and what a Dockerfile's FROM lines become where no registry answers.

Pure: reads this package's own files, returns Commands, runs none of them.
"""
