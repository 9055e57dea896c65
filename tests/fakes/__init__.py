"""Vendors of language models on loopback: real sockets and the vendors' own wire protocols, scripted by each test."""
