"""What differs between two snapshots of one material node, as data and as a page."""
