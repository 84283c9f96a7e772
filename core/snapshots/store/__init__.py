"""A model store: each tensor once, under the hash of what it is; files come out of it
bit by bit as they went in.
"""
