"""The catalogue of error codes: what each means and what to do about it, and the pages made of it."""
