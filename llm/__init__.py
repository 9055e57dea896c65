"""How we ask models: nothing in this version asks one. Structures are made by the `outline` engine, without a model."""
