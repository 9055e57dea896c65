"""The pages of courses in the admin: to read, edit, review and approve structures without the API."""
