"""One file for each kind of model: the only places that know its library, which each imports when it is needed."""
