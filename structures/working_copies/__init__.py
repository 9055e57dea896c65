"""Working copies as rows: edits, history, rebasing, approval, and their REST API."""
