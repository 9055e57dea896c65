"""How models are asked. Nobody outside knows a vendor: there are actions, strategies and a router."""
