from tests.doors.cloudtasks.client import PARENT, Tasks

from dragoman.doors.cloudtasks.locations import LocationsService
from dragoman.wire.grpc.codes import INTERNAL, INVALID_ARGUMENT


def test_any_location_is_there_and_one_is_listed() -> None:
    tasks = Tasks()
    (listed,) = tasks.ask("ListLocations", name="projects/default").locations
    assert (listed.name, listed.location_id) == (PARENT, "local")
    there = "projects/default/locations/europe-west1"
    assert tasks.ask("GetLocation", name=there).location_id == "europe-west1"
    assert tasks.refused("GetLocation", name="europe") == INVALID_ARGUMENT


def test_faults_are_told_in_googles_words() -> None:
    assert LocationsService().refuse(None, RuntimeError()).code == INTERNAL  # type: ignore[arg-type]
