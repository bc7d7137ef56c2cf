"""A local OpenID Connect provider: whoever is picked on its page is signed in, without a password."""
