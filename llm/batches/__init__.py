"""Batches: many questions that a vendor answers together, within a day, for less money.

The rows of a batch and of its requests in the ledger are written before it is sent (`submission`). Whoever asked looks
at it from time to time; when it has ended, each answer is handed over and each row ended at its true cost
(`settlement`). The router is not asked: its fallback, breakers and limits are about calls that somebody waits for.
"""
