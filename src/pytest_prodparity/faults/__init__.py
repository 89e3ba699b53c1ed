"""What breaks between code and its database, where, and what the code may make of it."""
