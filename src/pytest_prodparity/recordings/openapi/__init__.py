"""OpenAPI 3.0, 3.1 and Swagger 2, as far as a recorded exchange can be held against them."""
