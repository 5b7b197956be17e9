"""What goes wrong: crashes, lost power, full and failing disks."""

from tests.sim.world import World


def crash(world: World) -> None:
    world.crash()


def lose_power_inside_a_call(world: World) -> None:
    world.disk.faults.power_lost_at = world.chance.randint(1, 12)


def lose_power_around_a_commit(world: World) -> None:
    side = world.pick("power_lost_before", "power_lost_after")
    setattr(world.store, side, 1)


def fill_the_disk(world: World) -> None:
    used = world.disk._used_bytes()
    world.disk.faults.budget_bytes = used + world.chance.randint(0, 2_000)


def fail_the_disk(world: World) -> None:
    fault = world.pick("fail_sync_at", "fail_write_at", "full_write_at", "fail_read_at")
    setattr(world.disk.faults, fault, world.chance.randint(1, 4))


def fail_the_store(world: World) -> None:
    setattr(world.store, world.pick("full_at", "fail_at"), 1)
