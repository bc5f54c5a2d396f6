"""Views of one entity and of the network between entities."""
