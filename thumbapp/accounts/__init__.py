"""Who is who: users, roles, sessions, API tokens, sign-in links and how often one may try."""
