"""The reference of the REST API: a file for each subject, and the OpenAPI document made of them."""
