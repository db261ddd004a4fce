"""All families of faults: one file each, read as a specification."""

from tests.faults import buckets, clocks, database, disks, doorbells, kills, partitions

FAMILIES = {
    "kills": kills.SCENARIOS,
    "database": database.SCENARIOS,
    "doorbells": doorbells.SCENARIOS,
    "buckets": buckets.SCENARIOS,
    "partitions": partitions.SCENARIOS,
    "clocks": clocks.SCENARIOS,
    "disks": disks.SCENARIOS,
}
SCENARIOS = tuple(scenario for family in FAMILIES.values() for scenario in family)
