"""Servers with one thing broken each, by what they break."""

from tests.azure_sdk.javascript.mutations import authorizing, breaking, carrying, owning, reading, refusing, storing
from tests.azure_sdk.javascript.mutations.registry import MUTATIONS, Mutation, Put, put
