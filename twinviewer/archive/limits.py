"""How much and how long an archive may answer. Whoever goes beyond is stopped with an error that says so."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """rows: studies a search shows. series: of a study. answer_bytes: of a search. instances, bytes,
    instance_bytes: of a retrieval, in files. free_bytes: what must stay free on the disk. connect_s: to connect and to
    be let in. quiet_s: longest silence. pdu_bytes: one unit of DIMSE; we announce a fourth of it.
    """

    rows: int = 200
    series: int = 2000
    answer_bytes: int = 64 * MIB
    instances: int = 20_000
    bytes: int = 32 * 1024 * MIB
    instance_bytes: int = 4 * 1024 * MIB
    free_bytes: int = 512 * MIB
    connect_s: float = 10.0
    quiet_s: float = 60.0
    pdu_bytes: int = MIB
    test_s: float = 10.0


LIMITS = Limits()
