"""Which names may become paths in a store."""


def is_path(name: str) -> bool:
    """Printable segments between single slashes, none of which leads upwards."""
    return name.isprintable() and "\\" not in name and not {"", ".", ".."} & set(name.split("/"))
