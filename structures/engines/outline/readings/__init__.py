"""Readings: ways in which the arrangement of a course can be read from its materials.

A reading is a function that gives a tree (`outline.tree.TreeNode`), or None where the materials do not say anything of
the kind: tables of contents (`contents`), positions in front matter and labels of folders (`positions`), folders and
names (`names`, with `numbers` for digits that hold two numbers), and texts whose names say nothing (`texts`).
`outline.choice` weighs the trees and says which one is followed. `headings` and `speech` read one document or
recording, after the choice, where it is all of its module.
"""
