"""From bytes to an `Answer`: requests of one turn run together; beside them metadata, metrics, the OpenAPI document."""
