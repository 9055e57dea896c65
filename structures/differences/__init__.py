"""What differs between two structures of one material node, snapshots or working copies, as data and as a page."""
