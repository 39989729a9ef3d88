"""What readers of BullMQ queues have Redis do: the scripts of the `bullmq` package, and one of our own.

BullMQ's scripts know what belongs to a job (parents, deduplication, the stream of events, markers for workers
that sleep), and queues of its versions 4 to 6 are read with those of one version. They differ in one thing:
until 5 a pause moves the list of waiting jobs away, and puts it back over whatever waits by then. So nothing
of ours lets a job wait while a queue is paused.
"""

from importlib.util import find_spec
from pathlib import Path

_FILES = {
    "claim": "moveToActive-11.lua",
    "finish": "moveToFinished-14.lua",
    "delay": "moveToDelayed-11.lua",
    "release": "moveJobFromActiveToWait-9.lua",
    "extend": "extendLocks-1.lua",
}
_UNLESS_PAUSED = "if redis.call('HEXISTS', KEYS[{meta}], 'paused') == 1 then return {answer} end\n"
_GUARDS = {
    "claim": _UNLESS_PAUSED.format(meta=9, answer="{0, 0, 0, 0}"),
    "release": _UNLESS_PAUSED.format(meta=5, answer="0"),
}


def shipped() -> dict[str, str]:
    """Name → text of the package's scripts that are used here."""
    found = find_spec("bullmq")  # The package itself, which brings an event loop, is not loaded.
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "commands"
    return {name: _GUARDS.get(name, "") + (folder / file).read_text("utf-8") for name, file in _FILES.items()}


REVIVE = """
-- Let jobs wait again whose worker is gone. KEYS: the base. now in ms, for how many ms nobody else needs to
-- check. They are not counted: a job on its way when a process was killed has done nothing wrong, and
-- BullMQ's own workers let one fail that was counted twice.
local call, base = redis.call, KEYS[1]
local active, stalled, events = base .. 'active', base .. 'stalled', base .. 'events'
if call('HEXISTS', base .. 'meta', 'paused') == 1 then return 0 end
if not call('SET', base .. 'stalled-check', ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
local suspects, revived = call('SMEMBERS', stalled), 0
local most = call('HGET', base .. 'meta', 'opts.maxLenEvents') or 10000
call('DEL', stalled)
for _, id in ipairs(suspects) do
  if call('EXISTS', base .. id .. ':lock') == 0 and call('LREM', active, 1, id) > 0 then
    local priority = tonumber(call('HGET', base .. id, 'priority')) or 0
    if priority > 0 then
      -- Before all others of this priority, which are numbered.
      call('ZADD', base .. 'prioritized', string.format('%.0f', priority * 0x100000000), id)
    else
      call('RPUSH', base .. 'wait', id)
    end
    call('XADD', events, 'MAXLEN', '~', most, '*', 'event', 'waiting', 'jobId', id, 'prev', 'active')
    call('XADD', events, 'MAXLEN', '~', most, '*', 'event', 'stalled', 'jobId', id)
    revived = revived + 1
  end
end
if revived > 0 then call('ZADD', base .. 'marker', 0, '0') end
local now_active = call('LRANGE', active, 0, -1)
for from = 1, #now_active, 5000 do
  call('SADD', stalled, unpack(now_active, from, math.min(from + 4999, #now_active)))
end
return revived
"""
