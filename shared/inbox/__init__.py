"""The inbox: what one person sees, the union of their audiences."""
