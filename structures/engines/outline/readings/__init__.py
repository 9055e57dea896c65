"""Readings: ways in which the arrangement of a course can be read from its materials.

Each reading is a module with one function that gives a tree (`outline.tree.TreeNode`) or nothing: tables of contents
(`contents`), folders and names (`names`, with `numbers` and `media`), links between pages (`links`), and the words of
texts without names (`words`). `outline.arrangement` scores the trees and takes the best.
"""
