"""How Microsoft's live tests are judged, and that they are those of the SDK that the product uses."""
