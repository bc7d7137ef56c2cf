"""Cosmos DB: the inbox as it is kept. Containers and their indexing policies stand in `infra/cosmos.json`."""

from shared.azure.cosmos.alerts import CosmosAlerts
from shared.azure.cosmos.database import CosmosDatabase
from shared.azure.cosmos.feed import CosmosFeed
from shared.azure.cosmos.people import CosmosPeople

__all__ = ["CosmosAlerts", "CosmosDatabase", "CosmosFeed", "CosmosPeople"]
