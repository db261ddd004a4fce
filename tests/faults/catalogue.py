"""All families of faults: one file each, read as a specification."""

from tests.faults import database, kills, partitions

FAMILIES = {"kills": kills.SCENARIOS, "database": database.SCENARIOS, "partitions": partitions.SCENARIOS}
SCENARIOS = tuple(scenario for family in FAMILIES.values() for scenario in family)
