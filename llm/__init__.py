"""Asks models. Other apps know no vendor: they name an action and a strategy, and the router chooses the model."""
