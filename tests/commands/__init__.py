"""Every function of commands/ gives the command line that stands in MODULE.txt, to the letter.

A case is a call, and below it, indented: whether it asks or acts and for how long at most, the line as a person would
type it, and after `< ` what goes in by stdin.
"""
