"""Editing a structure beside its immutable snapshot: trees by stable keys, operations, rebasing, differences.

Pure, but for `stored_trees`.
"""
