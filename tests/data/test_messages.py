import copy
from uuid import UUID, uuid4

from data.messages import uuid_of


def test_a_quickly_made_uuid_is_like_any_other() -> None:
    for plain in (UUID(int=0), UUID(int=2**128 - 1), *(uuid4() for _ in range(20))):
        quick = uuid_of(plain.bytes)
        assert (quick, hash(quick), str(quick), quick.is_safe) == (
            plain,
            hash(plain),
            str(plain),
            plain.is_safe,
        )
        assert copy.copy(quick) == copy.deepcopy(quick) == plain
