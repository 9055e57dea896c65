"""Providers: one module for each dialect, and the only modules that import a vendor's SDK."""
