"""The material tree is made to follow an approved structure, and can be put back as it was."""
