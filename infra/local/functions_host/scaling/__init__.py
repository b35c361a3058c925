"""Scale controller: starts instances of an app when there is work, none while there is none."""
