"""What turns records into pages: wording, links, marks, the layout of results. No storage, no routes."""
