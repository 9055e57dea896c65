"""Reviews: who approved a snapshot, what is published of a node, and who may read drafts."""
