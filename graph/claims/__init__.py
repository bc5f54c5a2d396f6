"""Claims, their evidence, and the rule that turns accepted claims into facts."""
