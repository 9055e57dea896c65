"""Checking by code that what a sentence states stands in the passages it was written from."""
