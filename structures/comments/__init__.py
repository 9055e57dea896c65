"""Comments of colleagues on nodes of a structure, in threads that can be resolved."""
